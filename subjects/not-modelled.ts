/** What a subject lacks, or does, that makes a case end without an answer. One line. */
export class NotModelled extends Error {
  override readonly name = "NotModelled";
}
