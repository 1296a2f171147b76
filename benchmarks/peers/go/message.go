package main

import (
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that is wrapped here
	"google.golang.org/grpc/mem"
)

// message is bytes that gRPC carries as they are: nothing for protoc to generate, and a copy less
// than protobuf makes.
type message struct{ bytes []byte }

// codec stands in for the one of protobuf, and leaves to it what is not a message: go-plugin has
// services of its own on the same connection.
type codec struct{ encoding.CodecV2 }

func init() {
	encoding.RegisterCodecV2(codec{encoding.GetCodecV2("proto")})
}

func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if m, ok := v.(*message); ok {
		return mem.BufferSlice{mem.SliceBuffer(m.bytes)}, nil
	}
	return c.CodecV2.Marshal(v)
}

func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	if m, ok := v.(*message); ok {
		m.bytes = data.Materialize()
		return nil
	}
	return c.CodecV2.Unmarshal(data, v)
}
