/**
 * One connection between two ZeroMQ sockets of the type PAIR: ZMTP 3.0 (RFC 23) with the mechanism
 * NULL, over a Unix socket or TCP.
 *
 * <p>A PAIR socket that never reconnects and has one peer is one connection, so no more of ZeroMQ
 * is needed here, and what a ZeroMQ socket hides is plain: a lost peer is the end of the
 * connection, and the backpressure is that of the operating system. The README says why no ZeroMQ
 * library is used.
 */
package example.storagedriver.zmtp;
