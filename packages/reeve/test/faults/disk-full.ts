import { cpSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { seeded } from '../crash/campaign.ts'
import type { Violation } from '../crash/checker.ts'
import { exitCodes } from './disk/life.ts'
import { DiskTrial, type LifeEnd, plainly, SharedOracle, type Wrapping } from './disk/lives.ts'
import { buildShim, mayMount, mayShim, mount, unmount } from './disk/means.ts'
import type { Fault, Tools } from './fault.ts'

const diskBytes = 16 * 1024 * 1024
const oracle = new SharedOracle()
let mounts: boolean | undefined
let told = false

/**
 * Fills the disk under a process that drives runs, at moments drawn by the seed, down to the last byte or leaving room
 * for a few writes, and frees it again. The process must say so, and go on by itself once there is room. In some trials
 * the disk is full when the process starts: it must say why it does not, and the next one goes on.
 */
export const diskFull: Fault = {
  name: 'disk-full',
  injects: 'a disk that is full for a while, at a random moment of a life or at its start',
  invariants: 'I1–I6, it says so, it goes on by itself',
  trials: 300,
  unavailable() {
    mounts ??= mayMount()
    return mounts || mayShim()
      ? undefined
      : 'because this user may not mount a tmpfs and there is no C compiler to build a shim with'
  },
  trial,
  close: () => oracle.close(),
}

async function trial(seed: number, tools: Tools): Promise<Violation[]> {
  mounts ??= mayMount()
  if (!told) tools.note(`disk-full: ${mounts ? 'on a tmpfs' : 'by a shim before the C library'}`)
  told = true
  const name = `trial-${seed}`
  const disk = join(tools.folder, name, 'disk')
  mkdirSync(disk, { recursive: true })
  const port = await oracle.port(tools.folder)
  const trial = new DiskTrial({ folder: tools.folder, disk, trial: name, seed, port })
  const room = mounts ? tmpfsAt(disk) : shimOver(disk, tools.folder)
  try {
    const random = seeded(`disk full ${seed}`)
    const lived = random() < 0.15 ? await startsFull(trial, room, random) : await fillsUp(trial, room, random)
    const violations = [...lived, ...(await trial.check())]
    room.close(violations.length === 0 ? undefined : join(trial.folder, 'kept'))
    if (violations.length === 0) rmSync(trial.folder, { recursive: true })
    return violations
  } catch (error) {
    room.close()
    throw error
  }
}

/** The disk of a trial. */
interface Room {
  wrapping: Wrapping
  fill(leaving: number): void
  free(): void
  /** Gives the disk back; what is on it is copied to `keepIn`. */
  close(keepIn?: string): void
}

function tmpfsAt(disk: string): Room {
  if (!mount(disk, diskBytes)) throw new Error(`a tmpfs could not be mounted on ${disk}`)
  const ballast = join(disk, 'ballast')
  return {
    wrapping: plainly,
    fill(leaving) {
      const { bavail, bsize } = statfsSync(disk)
      try {
        writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - leaving), 1))
      } catch (error) {
        // The process has written meanwhile: the disk is full all the same.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      }
    },
    free: () => rmSync(ballast, { force: true }),
    close(keepIn) {
      rmSync(ballast, { force: true })
      if (keepIn !== undefined) cpSync(disk, keepIn, { recursive: true })
      unmount(disk)
    },
  }
}

function shimOver(disk: string, folder: string): Room {
  const flag = join(disk, '..', 'full')
  const environment = {
    LD_PRELOAD: buildShim(folder),
    FAULTS_FOLDER: disk,
    FAULTS_FULL_WHILE: flag,
  }
  return {
    wrapping: { command: [], environment },
    fill: () => writeFileSync(flag, ''),
    free: () => rmSync(flag, { force: true }),
    close() {},
  }
}

async function fillsUp(trial: DiskTrial, room: Room, random: () => number): Promise<Violation[]> {
  const living = trial.live(room.wrapping)
  await living.ready
  let ended = false
  void living.ended.then(() => {
    ended = true
  })
  for (let times = 1 + Math.floor(random() * 3); times > 0 && !ended; times--) {
    await Promise.race([pause(random() ** 2 * 150), living.ended])
    room.fill(random() < 0.5 ? 0 : Math.floor(random() * 128 * 1024))
    await pause(20 + random() * 400)
    room.free()
  }
  const end = await living.ended
  if (end.code !== exitCodes.done) {
    const how = end.code === undefined ? 'was killed' : `ended with code ${end.code}`
    return [{ invariant: 'I4', what: `the life on a full disk ${how}: ${tail(end)}` }]
  }
  const { failed, told: said } = end.tally!
  return said >= failed ? [] : [{ invariant: 'shape', what: `${failed} writes failed, ${said} were told of` }]
}

async function startsFull(trial: DiskTrial, room: Room, random: () => number): Promise<Violation[]> {
  const before = trial.live(room.wrapping)
  await before.ready
  await Promise.race([pause(random() * 60), before.ended])
  before.process.kill('SIGKILL')
  await before.ended
  room.fill(random() < 0.5 ? 0 : Math.floor(random() * 64 * 1024))
  const full = trial.live(room.wrapping)
  await full.ready
  await Promise.race([pause(random() * 100), full.ended])
  room.free()
  const end = await full.ended
  if (end.code === exitCodes.done) return []
  if (end.code !== exitCodes.notStarted || !/full/.test(end.complained))
    return [{ invariant: 'I4', what: `it did not start on a full disk and did not say why: ${tail(end)}` }]
  const after = await trial.live(room.wrapping).ended
  return after.code === exitCodes.done
    ? []
    : [{ invariant: 'I4', what: `it did not go on when there was room: ${tail(after)}` }]
}

function tail({ complained }: LifeEnd): string {
  return complained.slice(-300)
}
