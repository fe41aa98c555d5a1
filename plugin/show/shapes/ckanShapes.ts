import { closed, code, optionalText, type Schema, text, unsureTruth } from './parts.ts';

const naive = { ...text, description: 'Naive UTC with microseconds, as CKAN writes it.' };
const optionalNaive = { ...naive, ...optionalText };
const optionalCount = { type: ['integer', 'null'], minimum: 0 } as const;

const envelopeOf = <Result extends Schema>(result: Result) => closed({ help: text, success: { const: true }, result });

const outcome = {
  status_id: { ...optionalCount, description: 'Below 10 it works, below 20 it is broken, above nobody is sure.' },
  status: text,
  is_broken: { ...unsureTruth, description: 'Confirmed; null: unsure, or not confirmed.' },
  is_broken_printable: { enum: ['Broken', 'Downloaded OK', 'Not sure if broken'] },
  reason: text,
  code: { ...code, description: 'A finer word for status.' },
} as const;

/** The shapes of what clients of CKAN read. */
export const CKAN_SHAPES = {
  CkanFailure: closed({
    help: text,
    success: { const: false },
    error: { type: 'object', properties: { __type: text, message: text }, required: ['__type'] },
  }),
  CkanDataset: envelopeOf(closed(outcome)),
  CkanResource: envelopeOf(
    closed({
      id: text,
      package_id: text,
      resource_id: text,
      ...outcome,
      url_redirected_to: optionalText,
      cache_filepath: { ...optionalText, description: 'Key of the newest copy in the store.' },
      cache_url: optionalText,
      size: optionalCount,
      mimetype: optionalText,
      hash: { ...optionalText, description: 'SHA-256, hexadecimal.' },
      etag: optionalText,
      last_modified: optionalText,
      first_failure: optionalNaive,
      last_success: optionalNaive,
      failure_count: optionalCount,
      updated: optionalNaive,
    }),
  ),
  CkanTaskStatus: envelopeOf(
    closed({
      id: text,
      entity_id: text,
      entity_type: text,
      task_type: text,
      key: text,
      value: { ...text, description: 'JSON.' },
      state: { enum: ['pending', 'running', 'success', 'failure'] },
      error: text,
      last_updated: naive,
    }),
  ),
};
