// Whose turn it is: a reservation of one run or CPU does not outlive a run of another.

let turn = 0;

/** Each run and each stretch of a CPU begins a turn, and a stretch ends with one. */
export const nextTurn = (): number => ++turn;
