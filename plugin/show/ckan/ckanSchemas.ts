import { CODES } from '../../model/status.ts';
import { closed, optionalText, type Schema, text } from '../schemaParts.ts';

const naive = { ...text, description: 'Naive UTC with microseconds, as CKAN writes it.' };
const optionalNaive = { ...naive, type: ['string', 'null'] };
const optionalCount = { type: ['integer', 'null'], minimum: 0 };

const envelopeOf = (result: Schema): Schema => closed({ help: text, success: { const: true }, result });

const outcome = {
  status_id: { ...optionalCount, description: 'Below 10 it works, below 20 it is broken, above nobody is sure.' },
  status: text,
  is_broken: { type: ['boolean', 'null'], description: 'Confirmed; null: unsure, or not confirmed.' },
  is_broken_printable: { enum: ['Broken', 'Downloaded OK', 'Not sure if broken'] },
  reason: text,
  code: { enum: Object.keys(CODES), description: 'A finer word for status.' },
};

/** The shapes of what clients of CKAN read, as JSON Schema. */
export const CKAN_SCHEMAS: Readonly<Record<string, Schema>> = {
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
