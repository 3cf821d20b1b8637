# decant, built by itself into an image without a shell:
#     decant build -t decant .
#     decant run --rm decant --help
# It carries the program, what it loads, and gpgv with Debian's keys, so that it can assemble base images. Left out: git (contexts and ADD
# from repositories), crun (--runtime crun), ssh-agent (--ssh), mmdebstrap (complete Debian bases) and newuidmap, which is of no use to root.
FROM debian:bookworm AS build
COPY tools/install-packages tools/packages /src/tools/
RUN apt-get update -q && /src/tools/install-packages build && apt-get install -y -q --no-install-recommends gpgv debian-archive-keyring
COPY . /src
RUN meson setup /build /src --prefix=/usr --buildtype=release -Dtests=disabled && ninja -C /build && \
    DESTDIR=/out meson install -C /build --no-rebuild --strip
# The libraries that the base does not have, with the notes by which scanners know their packages.
COPY --from=gcr.io/distroless/base-nossl-debian12 /var/lib/dpkg/status.d /base
RUN <<'END'
#!/bin/sh
set -eu
programs="/out/usr/bin/decant /out/usr/libexec/decant/decant-net.so /usr/bin/gpgv"
files="/usr/bin/gpgv /usr/share/keyrings/debian-archive-keyring.gpg $(ldd $programs | awk '$2 == "=>" { print $3 }' | sort -u)"
mkdir -p /out/var/lib/dpkg/status.d
for file in $files; do
    real=$(realpath "$file")
    package=$(dpkg-query -S "$real" "$file" 2>/dev/null | sed -n '1s/[:,].*//p')
    [ ! -e "/base/$package" ] || continue
    mkdir -p "/out/${file%/*}" "/out/usr/share/doc/$package"
    cp -L "$file" "/out$file"
    cp "/usr/share/doc/$package/copyright" "/out/usr/share/doc/$package/"
    dpkg-query -s "$package" | grep -v '^Status:' >"/out/var/lib/dpkg/status.d/$package"
done
rm -rf /out/usr/share/bash-completion /out/usr/share/zsh /out/usr/share/fish /out/usr/share/man
END

FROM gcr.io/distroless/base-nossl-debian12
COPY --from=build /out /
LABEL org.opencontainers.image.title=decant \
      org.opencontainers.image.description="Builds small container images from Dockerfiles, and distroless bases from Debian packages" \
      org.opencontainers.image.licenses=Apache-2.0
VOLUME /var/lib/decant
ENTRYPOINT ["/usr/bin/decant"]
CMD ["help"]
