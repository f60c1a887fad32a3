import { parentPort, workerData } from 'node:worker_threads'
import { type Example, trainClassifier } from './classify.ts'

// The thread itself: trains with what it was given, and hands over what came of it.

parentPort!.postMessage(trainClassifier(workerData as Example[]).toBytes())
