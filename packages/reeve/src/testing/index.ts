/// <reference types="node" preserve="true" />

export { silentLog } from '../base/log.ts'
export { FakeClock, settle } from './fake-clock.ts'
export { type MemoryRun, runInMemory } from './run-in-memory.ts'
export { flakySolver, scriptedSolver, toolCalls } from './scripted.ts'
