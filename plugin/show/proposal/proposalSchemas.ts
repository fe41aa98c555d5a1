import { closed, optionalText, optionalTime, type Schema, text, time } from '../schemaParts.ts';

/** The shape of a proposed URL, as JSON Schema. */
export const PROPOSAL_SCHEMAS: Readonly<Record<string, Schema>> = {
  Proposal: closed({
    url: { ...text, description: 'The URL that is proposed.' },
    ofUrl: { ...text, description: 'The URL of the resource that it takes the place of.' },
    state: { enum: ['proposed', 'dismissed', 'applied'] },
    firstSeenAt: time,
    lastSeenAt: time,
    proposedAt: optionalTime,
    decidedAt: { ...optionalTime, description: 'When it was applied or dismissed.' },
    decidedBy: { ...optionalText, description: 'By whom, where the portal names those who ask.' },
    run: { ...optionalText, description: 'The run that archives the new URL; null: none was started.' },
  }),
};
