export { archiveStoreContract } from './archiveStoreContract.ts';
export { catalogContract } from './catalogContract.ts';
export { jobQueueContract } from './jobQueueContract.ts';
export type { CatalogSubject, CatalogUnderTest, PortalSubject, PortalUnderTest } from './PortalUnderTest.ts';
export { portalContract } from './portalContract.ts';
export type { HeldJob, JobQueueSubject, QueueOptions, QueueUnderTest } from './QueueUnderTest.ts';
export { type RetrieverSubject, type RetrieverUnderTest, retrieverContract } from './retrieverContract.ts';
export type { ArchiveStoreSubject, StoreUnderTest } from './StoreUnderTest.ts';
export { workOnQueue } from './workOnQueue.ts';
