/**
 * Turns scores into probabilities: a softmax over the scores times a sharpness (temperature scaling, Guo and others,
 * "On Calibration of Modern Neural Networks", 2017). A text that is half unknown has its scores halved first.
 */
export function probabilities(scores: Float64Array, sharpness: number, into: Float64Array): void {
  let highest = Number.NEGATIVE_INFINITY
  for (const score of scores) if (score > highest) highest = score
  let sum = 0
  for (let label = 0; label < scores.length; label++) {
    const share = Math.exp((scores[label]! - highest) * sharpness)
    into[label] = share
    sum += share
  }
  for (let label = 0; label < scores.length; label++) into[label]! /= sum
}

/** A held-out example: what the classifier scored it, the right label, and how much of the text it knew. */
export interface Scored {
  scores: Float64Array
  label: number
  known: number
}

const usualSharpness = 4
/** Weight of the belief in `usualSharpness`, in examples: it decides when hardly any example is held out. */
const beliefInExamples = 4

/** The sharpness under which the right labels of held-out examples are most likely. */
export function fitSharpness(held: Scored[]): number {
  let low = Math.log(0.25)
  let high = Math.log(64)
  for (let round = 0; round < 30; round++) {
    const third = (high - low) / 3
    if (misfit(held, low + third) < misfit(held, high - third)) high -= third
    else low += third
  }
  return Math.exp((low + high) / 2)
}

function misfit(held: Scored[], logSharpness: number): number {
  const sharpness = Math.exp(logSharpness)
  let sum = beliefInExamples * (logSharpness - Math.log(usualSharpness)) ** 2
  for (const { scores, label, known } of held) {
    let partition = 0
    const right = scores[label]!
    for (const score of scores) partition += Math.exp((score - right) * sharpness * known)
    sum += Math.log(partition)
  }
  return sum
}
