/// <reference types="node" preserve="true" />
export { FakeClock, settle } from './base/fake-clock.ts'
export { silentLog } from './base/log.ts'
export { type MemoryRun, runInMemory } from './memory-runtime.ts'
export { flakySolver, scriptedSolver, toolCalls } from './models/scripted.ts'
