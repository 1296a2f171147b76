/** The driver that keeps everything in the memory of its process, and loses it with the process. */
package example.drivers.inmemory;
