import { FakeClock } from '../../src/testing/fake-clock.ts'
import { openTestDatabase } from '../engine/harness.ts'
import { inspectContract } from './contract.ts'

inspectContract('SQLite', () => openTestDatabase(new FakeClock()))
