/**
 * The protocol as one end of one channel sees it: a state machine with the account of credit and
 * content, and nothing of sockets, threads and clocks. PROTOCOL.md, sections 6 and 12.
 *
 * <p>The same code serves both sides.
 */
package example.storagedriver.session;
