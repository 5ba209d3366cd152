// Cache and TLB maintenance by DC, IC and TLBI: names, encodings, and what each does here (DDI 0487, "System instructions").
// Without those by set and way, those that may lose data, and those of other exception levels.

/**
 * Of the line that holds the address in the register: `clean` to the point of unification or beyond, `invalidate` for
 * fetches, `zero`; `invalidateAll`. Of translations: `all`, the `page` in bits 43..0, or an `addressSpace`, which leaves
 * kernel pages alone as they are global.
 */
export type MaintenanceEffect = "clean" | "invalidate" | "invalidateAll" | "zero" | "all" | "page" | "addressSpace";

interface MaintenanceRow {
  readonly text: string;
  /** op1, CRn, CRm, op2. */
  readonly encoding: readonly [number, number, number, number];
  readonly effect: MaintenanceEffect;
}
const make = (text: string, effect: MaintenanceEffect, ...encoding: MaintenanceRow["encoding"]): MaintenanceRow => ({
  text,
  effect,
  encoding,
});

/** Of all CPUs, and of this one. */
const translations = (name: string, effect: MaintenanceEffect, op2: number): readonly MaintenanceRow[] => [
  make(`tlbi ${name}is`, effect, 0, 8, 3, op2),
  make(`tlbi ${name}`, effect, 0, 8, 7, op2),
];

const MAINTENANCE: readonly MaintenanceRow[] = [
  make("ic ialluis", "invalidateAll", 0, 7, 1, 0),
  make("ic iallu", "invalidateAll", 0, 7, 5, 0),
  make("ic ivau", "invalidate", 3, 7, 5, 1),
  make("dc zva", "zero", 3, 7, 4, 1),
  make("dc cvac", "clean", 3, 7, 10, 1),
  make("dc cvau", "clean", 3, 7, 11, 1),
  make("dc cvap", "clean", 3, 7, 12, 1),
  make("dc cvadp", "clean", 3, 7, 13, 1),
  make("dc civac", "clean", 3, 7, 14, 1),
  ...translations("vmalle1", "all", 0),
  ...translations("vae1", "page", 1),
  ...translations("aside1", "addressSpace", 2),
  ...translations("vaae1", "page", 3),
  ...translations("vale1", "page", 5),
  ...translations("vaale1", "page", 7),
];

const BY_ENCODING = new Map(
  MAINTENANCE.map((row) => {
    const [op1, crn, crm, op2] = row.encoding;
    return [(op1 << 11) | (crn << 7) | (crm << 3) | op2, row] as const;
  }),
);

/** @param encoding bits 18..5 of the word */
export const maintenanceOf = (encoding: number): MaintenanceRow | undefined => BY_ENCODING.get(encoding);

/** What takes no register has 31 in its place. */
export const takesRegister = (effect: MaintenanceEffect): boolean => effect !== "all" && effect !== "invalidateAll";
