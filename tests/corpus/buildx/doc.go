package buildx
