import type { MailWords } from '../../model/mailWords.ts';

/** Spanish. */
export const es: MailWords = {
  subjectBroken: { one: '{portal}: un enlace no funciona', other: '{portal}: {count} enlaces no funcionan' },
  subjectAgain: {
    one: '{portal}: un enlace vuelve a funcionar',
    other: '{portal}: {count} enlaces vuelven a funcionar',
  },
  greeting: 'Hola {name}:',
  greetingNameless: 'Hola:',
  intro:
    '{portal} comprueba periódicamente los enlaces de sus conjuntos de datos. Este mensaje trata de los que usted mantiene.',
  newlyBroken: { one: 'Un enlace no funciona', other: '{count} enlaces no funcionan' },
  stillBroken: { one: 'Un enlace sigue sin funcionar', other: '{count} enlaces siguen sin funcionar' },
  worksAgain: { one: 'Un enlace vuelve a funcionar', other: '{count} enlaces vuelven a funcionar' },
  more: { one: 'y uno más', other: 'y {count} más' },
  since: 'Roto desde el {since}.',
  copy: 'Copia del {copied}',
  withoutCopy: 'No hay copia de él.',
  advice:
    'Corrija el enlace en el portal, o pida al editor que vuelva a ofrecer el fichero. Lo pasajero no requiere nada: los enlaces se comprueban de nuevo por sí solos.',
  why: 'Recibe este mensaje porque {portal} le nombra como contacto de estos conjuntos de datos: uno al día como máximo, y cada vez más raramente por lo que sigue roto.',
  end: 'No recibir más estos mensajes',
  reasons: {
    'invalid-url': 'La dirección del enlace no se puede leer.',
    'unsupported-scheme': 'La dirección es de un tipo que no se consulta.',
    'upload-missing': 'El fichero subido falta en el portal.',
    gone: 'Ya no hay ningún fichero en esta dirección.',
    'http-error': 'El servidor responde con un error.',
    dns: 'El nombre del servidor no existe.',
    tls: 'El certificado del servidor no es válido.',
    empty: 'El servidor envía un fichero vacío.',
    'redirect-loop': 'La dirección redirige en círculo.',
    'bad-redirect': 'La dirección no redirige a ninguna parte.',
    protocol: 'La respuesta del servidor no se puede leer.',
    decode: 'El fichero que envía el servidor no se puede descomprimir.',
    'service-error': 'El servicio responde con un error.',
  },
  pageTitle: 'Mensajes sobre enlaces',
  ask: '¿No desea recibir más mensajes de {portal} sobre enlaces que no funcionan?',
  confirm: 'No recibir más mensajes',
  ended: 'No recibirá más mensajes de {portal} sobre enlaces que no funcionan.',
  beginAgain: 'Volver a recibirlos',
  begun: 'Volverá a recibir un mensaje de {portal} cuando no funcionen enlaces de sus conjuntos de datos.',
  unknown: 'Esta dirección no se conoce. Puede ser de otro portal, o no estar completa.',
};
