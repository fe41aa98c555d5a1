import { closed, optionalText, optionalTime, text, time } from './parts.ts';

/** The shape of a proposed URL. */
export const PROPOSAL_SHAPES = {
  Proposal: closed({
    url: { ...text, description: 'The URL that is proposed.' },
    ofUrl: { ...text, description: 'The URL of the resource that it takes the place of.' },
    state: { enum: ['seen', 'proposed', 'dismissed', 'applied'], description: 'seen: by one check so far.' },
    firstSeenAt: time,
    lastSeenAt: time,
    proposedAt: optionalTime,
    decidedAt: { ...optionalTime, description: 'When it was applied or dismissed.' },
    decidedBy: { ...optionalText, description: 'By whom, where the portal names those who ask.' },
    run: { ...optionalText, description: 'The run that archives the new URL; null: none was started.' },
  }),
};
