/**
 * A driver served to one host: the process, its channels, and what answers the calls.
 *
 * <p>Each channel has a thread that receives and one that answers calls. So credit, CANCEL and a
 * lost host are seen while a driver works or waits for a host that does not read. It is not for
 * those who write drivers.
 */
package example.storagedriver.serving;
