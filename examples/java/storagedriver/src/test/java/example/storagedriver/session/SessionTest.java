package example.storagedriver.session;

import static example.storagedriver.Vectors.bytes;
import static example.storagedriver.Vectors.frame;
import static example.storagedriver.Vectors.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import example.storagedriver.Vectors;
import example.storagedriver.wire.Call;
import example.storagedriver.wire.Decoder;
import example.storagedriver.wire.Listing;
import example.storagedriver.wire.Message;
import example.storagedriver.wire.ProtocolException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class SessionTest {
  @TestFactory
  Stream<DynamicTest> sequences() {
    return Vectors.each(
        "sequences.json",
        "accept",
        vector -> {
          Player player = new Player(vector);
          for (JsonObject step : player.steps) {
            player.play(step);
          }
          assertEquals(text(vector, "state"), player.session.state().toString());
        });
  }

  @TestFactory
  Stream<DynamicTest> sequencesThatAreRefused() {
    return Vectors.each(
        "sequences.json",
        "reject",
        vector -> {
          Player player = new Player(vector);
          int last = player.steps.size() - 1;
          for (JsonObject step : player.steps.subList(0, last)) {
            player.play(step);
          }
          JsonObject refused = player.steps.get(last);
          assertEquals(null, text(refused, "send"));
          assertThrows(ProtocolException.class, () -> player.play(refused), text(vector, "reason"));
        });
  }

  private static final class Player {
    final Session session;
    final List<JsonObject> steps;
    private Listing listing;

    Player(JsonObject vector) {
      session =
          new Session(
              text(vector, "side").equals("driver") ? Side.DRIVER : Side.HOST,
              text(vector, "channel").equals("control") ? Role.NEW : Role.WORKER,
              vector.get("max_chunk").getAsLong(),
              vector.get("write_credit").getAsLong());
      steps =
          vector.getAsJsonArray("steps").asList().stream()
              .map(JsonElement::getAsJsonObject)
              .toList();
    }

    void play(JsonObject step) throws ProtocolException {
      if (bytes(step, "send") == null) {
        receive(step);
        return;
      }
      Message message = Decoder.decode(bytes(step, "send"), frame(step, "content"));
      if (message instanceof Message.Request request) {
        Call call = Call.of(request.method());
        listing = call != null && call.isListing() ? new Listing(call) : null;
      }
      session.send(message);
    }

    private void receive(JsonObject step) throws ProtocolException {
      Message message = Decoder.decode(bytes(step, "receive"), frame(step, "content"));
      Message checked = session.receive(message);
      assertEquals(Vectors.flag(step, "ignored"), checked == null, message.toString());
      if (checked == null || listing == null) {
        return;
      }
      listing.take(checked.content());
      if (checked instanceof Message.Response response && response.error() == null) {
        listing.finish(response.result());
      }
    }
  }
}
