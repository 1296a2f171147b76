package wire

// How a driver is started: PROTOCOL.md, section 1.
const (
	// ProgramPrefix stands before the name of a driver in that of its program.
	ProgramPrefix = "registry-storage-"
	// EndpointVariable is what the environment has the control channel's endpoint in.
	EndpointVariable = "STORAGEDRIVER_ENDPOINT"
	// MaxEndpointBytes is what fits the address of a Unix socket everywhere.
	MaxEndpointBytes = 99
)
