package main

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

const (
	serviceName = "Store"
	pluginName  = "store"
	// windowBytes is what may be on its way in one stream, so that it never waits for a grant.
	windowBytes = 16 << 20
	bufferBytes = 1 << 20
	// A whole content of 64 MiB is one message.
	mostMessageBytes = 1 << 30
	pieceBytes       = 1 << 20
)

var handshake = plugin.HandshakeConfig{
	ProtocolVersion:  1,
	MagicCookieKey:   "STORAGEDRIVER_BENCHMARK_PLUGIN",
	MagicCookieValue: "1",
}

// store keeps contents in the pieces that they came in.
type store struct {
	mutex    sync.RWMutex
	contents map[string][][]byte
}

func servePlugin() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake,
		Plugins:         plugin.PluginSet{pluginName: &storePlugin{}},
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(
				options,
				grpc.MaxRecvMsgSize(mostMessageBytes),
				grpc.MaxSendMsgSize(mostMessageBytes),
				grpc.InitialWindowSize(windowBytes),
				grpc.InitialConnWindowSize(windowBytes),
				grpc.ReadBufferSize(bufferBytes),
				grpc.WriteBufferSize(bufferBytes),
			)...)
		},
	})
}

type storePlugin struct{ plugin.NetRPCUnsupportedPlugin }

func (*storePlugin) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	server.RegisterService(&service, &store{contents: map[string][][]byte{}})
	return nil
}

func (*storePlugin) GRPCClient(
	_ context.Context, _ *plugin.GRPCBroker, connection *grpc.ClientConn,
) (any, error) {
	return connection, nil
}

// service is what protoc would generate.
var service = grpc.ServiceDesc{
	ServiceName: serviceName,
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{
		{MethodName: "Size", Handler: unary((*store).size)},
		{MethodName: "Get", Handler: unary((*store).get)},
		{MethodName: "Put", Handler: unary((*store).put)},
	},
	Streams: []grpc.StreamDesc{
		{StreamName: "Read", Handler: read, ServerStreams: true},
		{StreamName: "Write", Handler: write, ClientStreams: true},
	},
}

func unary(method func(*store, []byte) []byte) grpc.MethodHandler {
	return func(
		served any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor,
	) (any, error) {
		var request message
		if err := decode(&request); err != nil {
			return nil, err
		}
		return &message{method(served.(*store), request.bytes)}, nil
	}
}

func (s *store) size(key []byte) []byte {
	return encodedSize(s.find(string(key)))
}

func (s *store) get(key []byte) []byte {
	pieces := s.find(string(key))
	if len(pieces) == 1 {
		return pieces[0]
	}
	var whole []byte
	for _, piece := range pieces {
		whole = append(whole, piece...)
	}
	return whole
}

func (s *store) put(request []byte) []byte {
	key, content := splitKey(request)
	s.replace(key, [][]byte{content})
	return nil
}

func read(served any, stream grpc.ServerStream) error {
	var request message
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	for _, piece := range served.(*store).find(string(request.bytes)) {
		if err := stream.SendMsg(&message{piece}); err != nil {
			return err
		}
	}
	return nil
}

func write(served any, stream grpc.ServerStream) error {
	var request message
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	var pieces [][]byte
	for {
		var piece message
		err := stream.RecvMsg(&piece)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		pieces = append(pieces, piece.bytes)
	}
	served.(*store).replace(string(request.bytes), pieces)
	return stream.SendMsg(&message{encodedSize(pieces)})
}

func (s *store) find(key string) [][]byte {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	return s.contents[key]
}

func (s *store) replace(key string, pieces [][]byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.contents[key] = pieces
}

func encodedSize(pieces [][]byte) []byte {
	size := 0
	for _, piece := range pieces {
		size += len(piece)
	}
	return binary.BigEndian.AppendUint64(nil, uint64(size))
}

// withKey puts a key and a content into one message.
func withKey(key string, content []byte) []byte {
	joined := make([]byte, 0, 2+len(key)+len(content))
	joined = binary.BigEndian.AppendUint16(joined, uint16(len(key)))
	joined = append(joined, key...)
	return append(joined, content...)
}

func splitKey(request []byte) (string, []byte) {
	end := 2 + binary.BigEndian.Uint16(request)
	return string(request[2:end]), request[end:]
}
