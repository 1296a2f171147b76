/**
 * Messages and bytes, and what each call of the protocol holds: PROTOCOL.md, sections 3 and 9.
 *
 * <p>It knows no sockets and no state. What comes from the peer is trusted in nothing: no input
 * makes anything here fail but with a {@link example.storagedriver.wire.ProtocolException}.
 */
package example.storagedriver.wire;
