import { RestError } from '@azure/storage-blob';

/** The service's own code, such as `BlobNotFound`; '' for what is no answer of it. An answer to HEAD has it in a header alone. */
function azureCode(error: unknown): string {
  if (!(error instanceof RestError)) return '';
  const details: unknown = error.details;
  const inDetails =
    typeof details === 'object' && details !== null && 'errorCode' in details ? details.errorCode : undefined;
  return String(inDetails ?? error.response?.headers.get('x-ms-error-code') ?? error.code ?? '');
}

/** A blob is not there. A container that is gone is no such answer: it says nothing of its blobs. */
export function isBlobMissing(error: unknown): boolean {
  return error instanceof RestError && error.statusCode === 404 && !isContainerMissing(error);
}

/** The container is gone, is being deleted, or was never made. */
export function isContainerMissing(error: unknown): boolean {
  return /^Container(NotFound|BeingDeleted)$/.test(azureCode(error));
}

/** The service asks for patience: it is busy, or the account's limit is reached. The client itself retries 500 and 503 a few times. */
export function isBusy(error: unknown): boolean {
  return error instanceof RestError && [429, 500, 503].includes(error.statusCode ?? 0);
}
