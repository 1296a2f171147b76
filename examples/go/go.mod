module storagedriver.example/go

go 1.25.0

require (
	github.com/tinylib/msgp v1.6.5
	golang.org/x/sys v0.38.0
)

require github.com/philhofer/fwd v1.2.0 // indirect
