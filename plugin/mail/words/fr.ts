import type { MailWords } from '../../model/mailWords.ts';

/** French. */
export const fr: MailWords = {
  subjectBroken: { one: '{portal} : un lien ne fonctionne pas', other: '{portal} : {count} liens ne fonctionnent pas' },
  subjectAgain: {
    one: '{portal} : un lien fonctionne à nouveau',
    other: '{portal} : {count} liens fonctionnent à nouveau',
  },
  greeting: 'Bonjour {name},',
  greetingNameless: 'Bonjour,',
  intro:
    '{portal} vérifie régulièrement les liens de ses jeux de données. Ce message concerne ceux dont vous avez la charge.',
  newlyBroken: { one: 'Un lien ne fonctionne pas', other: '{count} liens ne fonctionnent pas' },
  stillBroken: { one: 'Un lien ne fonctionne toujours pas', other: '{count} liens ne fonctionnent toujours pas' },
  worksAgain: { one: 'Un lien fonctionne à nouveau', other: '{count} liens fonctionnent à nouveau' },
  more: { one: 'et un autre', other: 'et {count} autres' },
  since: 'Rompu depuis le {since}.',
  copy: 'Copie du {copied}',
  withoutCopy: 'Il n’en existe aucune copie.',
  advice:
    'Merci de corriger le lien sur le portail, ou de demander au producteur de remettre le fichier en ligne. Rien n’est à faire pour ce qui est passager : les liens sont vérifiés à nouveau d’eux-mêmes.',
  why: 'Vous recevez ce message parce que {portal} vous désigne comme contact de ces jeux de données : un par jour au plus, et de plus en plus rarement pour ce qui reste rompu.',
  end: 'Ne plus recevoir ces messages',
  reasons: {
    'invalid-url': 'L’adresse du lien est illisible.',
    'unsupported-scheme': 'L’adresse est d’un type qui n’est pas interrogé.',
    'upload-missing': 'Le fichier téléversé manque sur le portail.',
    gone: 'Il n’y a plus de fichier à cette adresse.',
    'http-error': 'Le serveur répond par une erreur.',
    dns: 'Le nom du serveur n’existe pas.',
    tls: 'Le certificat du serveur n’est pas valable.',
    empty: 'Le serveur envoie un fichier vide.',
    'redirect-loop': 'L’adresse renvoie en boucle.',
    'bad-redirect': 'L’adresse ne renvoie nulle part.',
    protocol: 'La réponse du serveur est illisible.',
    decode: 'Le fichier envoyé par le serveur ne peut pas être décompressé.',
    'service-error': 'Le service répond par une erreur.',
  },
  pageTitle: 'Messages sur les liens',
  ask: 'Souhaitez-vous ne plus recevoir de messages de {portal} sur les liens qui ne fonctionnent pas ?',
  confirm: 'Ne plus recevoir de messages',
  ended: 'Vous ne recevrez plus de messages de {portal} sur les liens qui ne fonctionnent pas.',
  beginAgain: 'Les recevoir à nouveau',
  begun: 'Vous recevrez à nouveau un message de {portal} quand des liens de vos jeux de données ne fonctionnent pas.',
  unknown: 'Cette adresse n’est pas connue. Elle est peut-être d’un autre portail, ou incomplète.',
};
