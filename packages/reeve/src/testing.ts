/// <reference types="node" preserve="true" />

export { silentLog } from './base/log.ts'
export { FakeClock, settle } from './base/time/fake-clock.ts'
export { type MemoryRun, runInMemory } from './memory-runtime.ts'
export { flakySolver, scriptedSolver, toolCalls } from './models/scripted.ts'
