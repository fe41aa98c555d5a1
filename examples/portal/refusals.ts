/** What is not there, or must not be seen; CKAN answers it with 404. */
export class NotFound extends Error {}
/** CKAN answers it with 403. */
export class NotAuthorized extends Error {}
