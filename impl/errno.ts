// Kernel error numbers, returned negated: 0 is success.

export const EPERM = 1;
export const E2BIG = 7;
export const ENOMEM = 12;
export const EFAULT = 14;
export const EINVAL = 22;
export const ENOTSUPP = 524;

/** 0, or a negated error number. */
export type Errno = number;
