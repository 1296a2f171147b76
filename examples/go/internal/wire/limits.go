package wire

// The numbers of the protocol.
const (
	// MaxHeaderBytes bounds the first frame of a message.
	MaxHeaderBytes = 64 << 10
	// InlineContentBytes is up to where content rides in the header: one frame costs less than two.
	InlineContentBytes = 16 << 10
	// MaxContainerItems bounds arrays and maps, as memory is reserved for what a length says.
	MaxContainerItems = 1024
	// MaxNestingLevels makes recursion over a header safe.
	MaxNestingLevels = 16
	// MaxChunkBytes is the largest content of one message, unless both sides agree on less.
	MaxChunkBytes = 1 << 20
	// MinChunkBytes: no chunk but the last is smaller, unless the credit is.
	MinChunkBytes = 4 << 10
	// WindowChunks is how many full chunks may be under way in a stream.
	WindowChunks = 4
	// CreditStepDivisor is into how many steps a receiver parts a window when it grants credit.
	CreditStepDivisor = 4
	// MaxCreditBytes is the largest integer that every language can count to.
	MaxCreditBytes = 1 << 53
	// MaxVersionBytes bounds the opaque version of a content.
	MaxVersionBytes = 64
	// MaxID bounds ids and process ids.
	MaxID = 1<<32 - 1
	// MaxEntryBytes bounds one entry of a listing.
	MaxEntryBytes = 4 << 10
	// MaxUploadIDBytes bounds what a driver makes up to name an upload.
	MaxUploadIDBytes = 1024
	// MaxErrorMessageBytes bounds the text of an error.
	MaxErrorMessageBytes = 4 << 10
	// MaxErrorFieldsBytes bounds all fields of an error together, so that it fits a header.
	MaxErrorFieldsBytes = 48 << 10
	// MaxErrorNameBytes bounds a code and a driver's name in an error.
	MaxErrorNameBytes = 1 << 10
)
