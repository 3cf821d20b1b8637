module example.org/distribution

go 1.19

require example.com/digest v1.0.0
