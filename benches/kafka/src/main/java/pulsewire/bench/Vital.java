// One vital sign as the application sees it.
package pulsewire.bench;

/**
 * What is read of an input's value.
 *
 * @param code its place in {@link Score#CODES}
 * @param value in hundredths of its unit
 * @param effective when it was true, in milliseconds since the epoch
 * @param corrected whether it corrects what was said of the same code and time
 */
record Vital(int code, int value, long effective, boolean corrected) {
}
