import { parentPort, workerData } from 'node:worker_threads';
import { ArchiverError } from '../errors.ts';
import { ThreadPlaces } from '../fetch/retrieve/threadPlaces.ts';
import { serveRetriever } from '../fetch/retrieve/threadServer.ts';
import { createLocalRetriever, type ThreadData } from './openRetriever.ts';

// The entry of a worker thread: fetch, hash, sniff and stage for the hosts that belong to it.
if (!parentPort) throw new ArchiverError('thread-failed', 'fetchThread is the entry of a worker thread.');
const { config, identity } = workerData as ThreadData;
const places = new ThreadPlaces(parentPort);
serveRetriever(parentPort, await createLocalRetriever(config, identity, places), places);
