/**
 * Megabytes in which a worker's new objects lie, three times what is filled before what lives is copied. By default that is
 * less than what is known of a chunk of programs that is checked, so that all of it is copied again and again.
 */
export const YOUNG_GENERATION_MB = 96;
