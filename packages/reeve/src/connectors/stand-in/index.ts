/// <reference types="node" preserve="true" />

/**
 * What stand-ins of services are written with: a server on this machine, its faults, its books.
 * @module
 */

export type { Books, Deed } from './books.ts'
export {
  basicOf,
  bearerOf,
  formOf,
  jsonOf,
  type StandInAnswer,
  type StandInRequest,
  type StandInRoute,
} from './exchange.ts'
export type { Fault, FaultKind, Faults } from './faults.ts'
export { KeptState } from './kept.ts'
export type { KeyStanding } from './keyed-answers.ts'
export type { RateStanding, StandInLimit } from './rate-limit.ts'
export {
  type Refusal as StandInRefusal,
  type StandIn,
  type StandInDefinition,
  type StandInOptions,
  type StandInServer,
  startStandIn,
} from './stand-in.ts'
