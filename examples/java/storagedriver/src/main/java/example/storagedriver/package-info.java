/**
 * Makes a storage driver of a class: implement {@link example.storagedriver.StorageDriver}, and
 * call {@link example.storagedriver.Program#main} with what makes it.
 *
 * <pre>{@code
 * public static void main(String[] arguments) {
 *   new Program("mine", Set.of(Feature.WALK), MyDriver::new).main(arguments);
 * }
 * }</pre>
 *
 * <p>A host starts the program and calls the driver over the storage driver protocol. What the
 * program writes to its outputs is its log.
 */
package example.storagedriver;
