import type { Json } from './json.ts'

/** Stands where a value is none that a journal keeps, and says what to give in its place. */
export interface NotJson<What extends string> {
  readonly 'cannot be kept': What
}

/**
 * `T`, where all of it is plain JSON that a journal keeps as it is: interfaces too. In the place of what is not stands
 * `NotJson`, so that a Date, a Map or a bigint does not compile where a value is kept. A function of your own that hands a
 * value on takes `T & AsJson<T>`; one that hands on what a step does takes a `StepBody<T>`.
 */
export type AsJson<T> = [T] extends [Json | undefined]
  ? T
  : unknown extends T
    ? T
    : T extends undefined | null | boolean | number | string
      ? T
      : T extends bigint
        ? NotJson<'a bigint: use a string'>
        : T extends symbol | ((...args: never) => unknown)
          ? NotJson<'a function or a symbol: give plain data'>
          : T extends object
            ? AsJsonObject<T>
            : T

type AsJsonObject<T extends object> = T extends Date
  ? NotJson<'a Date: use its toISOString()'>
  : T extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
    ? NotJson<'a Map or a Set: use an array of its entries'>
    : T extends ArrayBuffer | ArrayBufferView
      ? NotJson<'bytes: use a base64 string'>
      : T extends PromiseLike<unknown>
        ? NotJson<'a promise: await it first'>
        : T extends readonly unknown[]
          ? { [Key in keyof T]: AsJsonItem<T[Key]> }
          : HasMethods<T> extends true
            ? NotJson<'an object with methods: give its data'>
            : { [Key in keyof T]: AsJson<T[Key]> }

/** A list has no place without a value. */
type AsJsonItem<T> = unknown extends T
  ? T
  : undefined extends T
    ? NotJson<'undefined in a list: use null'>
    : AsJson<T>

type HasMethods<T> = true extends { [Key in keyof T]-?: IsMethod<NonNullable<T[Key]>> }[keyof T]
  ? true
  : false

type IsMethod<T> = [T] extends [never]
  ? false
  : unknown extends T
    ? false
    : T extends (...args: never) => unknown
      ? true
      : false

/**
 * As `AsJson`, where a value whose type says nothing is refused too. Nothing is inferred from it: else a union would be taken
 * for one of its members.
 */
export type AsKnownJson<T> = NoInfer<unknown extends T ? (0 extends 1 & T ? T : Json) : AsJson<T>>
