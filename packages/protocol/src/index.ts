/** What a client needs without the schemas: types, bounds, codes and rules for text. Schemas: `shapes`, `frames`, `rest`. */
export * from './close-codes.ts'
export * from './errors.ts'
export type * from './frames.ts'
export * from './limits.ts'
export type * from './shapes.ts'
export * from './text.ts'
