package example.storagedriver.zmtp;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnresolvedAddressException;

/** Where a ZeroMQ socket is bound: {@code ipc://PATH} or {@code tcp://HOST:PORT}. */
public final class Endpoint {
  private static final String IPC = "ipc://";
  private static final String TCP = "tcp://";

  private Endpoint() {}

  /** Returns the path of the socket of an endpoint, null if it has none. */
  public static String socketPath(String endpoint) {
    return endpoint.startsWith(IPC) ? endpoint.substring(IPC.length()) : null;
  }

  /** Returns the transport of an endpoint, and of tcp the host. */
  public static String machine(String endpoint) {
    return endpoint.startsWith(IPC) ? IPC : endpoint.replaceFirst(":[^:]*$", "");
  }

  static SocketChannel connect(String endpoint) throws IOException {
    SocketAddress address = address(endpoint);
    SocketChannel channel;
    try {
      channel = SocketChannel.open(address);
    } catch (UnresolvedAddressException failure) {
      throw new IOException("unknown host: " + endpoint, failure);
    }
    if (address instanceof InetSocketAddress) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    }
    return channel;
  }

  private static SocketAddress address(String endpoint) throws IOException {
    String path = socketPath(endpoint);
    try {
      if (path != null) {
        return UnixDomainSocketAddress.of(path);
      }
      int colon = endpoint.lastIndexOf(':');
      if (endpoint.startsWith(TCP) && colon > TCP.length()) {
        String host = endpoint.substring(TCP.length(), colon);
        return new InetSocketAddress(host, Integer.parseInt(endpoint.substring(colon + 1)));
      }
    } catch (IllegalArgumentException failure) {
      throw new IOException("no endpoint of ipc or tcp: " + endpoint, failure);
    }
    throw new IOException("no endpoint of ipc or tcp: " + endpoint);
  }
}
