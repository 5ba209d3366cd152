/** What fields there are in objects of any kind of a union: to read them all before it is known which kind it is. */
export type AnyOf<Union> = { readonly [Field in Union extends unknown ? keyof Union : never]?: unknown };
