/**
 * What links and headings say, in the languages of statistical offices. Patterns are for text that {@link folded} made:
 * lower case, without marks on letters.
 */
export const DOWNLOAD =
  /\b(downloads?|downloaden|descarg\w*|telecharg\w*|herunterladen|runterladen|scarica\w*|pobierz|pobierania|ladda (ner|ned)|hamta|last ned|hent|lataa|lataukset|letolt\w*|stahnout|stahnut|ke stazeni|prenesi|prenos|preuzmi\w*|baixar|descarregar|transferir|descarca\w*|indir\w*|tai ve|tai xuong|unduh|muat turun|lejupielade\w*|atsisiusti|parsisiusti|lae alla|laadi alla|hlada nidur|shkarko|descarrega|export(er|ar|ieren)?|save as|full dataset|get (the )?data)\b|скача\w*|загрузи\w*|выгруз\w*|завантаж\w*|изтегл\w*|свали\w*|преузми|ληψη|κατεβ\w*|λήψη|下载|下載|ダウンロード|다운로드|내려받기|تحميل|تنزيل|הורדה|להורדה|ดาวน์โหลด|附件|エクセル/u;

/** Pages and documents about a site or about its data; never the data. */
export const DOCUMENTATION =
  /\b(privacy|imprint|impressum|datenschutz\w*|terms|conditions|licen[cs]e|licen[cs]es|licensing|lizenz\w*|legal|mentions legales|aviso legal|disclaimer|cookies?|accessib\w*|barrierefrei\w*|sitemap|robots|manifest|contact\w*|kontakt\w*|help|hilfe|aide|faq|about|newsletter|press release|annual report|brochure|flyer|agenda|minutes of|user guide|guidelines?|handbook|manual|tutorial|vendors?|openapi|swagger|postman|signup|sign up|log ?in|register now|subscribe|rss|feed|donate|jobs?|status)\b/u;

/** What describes data, or says how to read it. */
export const DESCRIPTIONS =
  /\b(readme|read me|metadata|metadaten|metadatos|metadonnees|metadati|metaveri|documentation|dokumentation|documentacion|documentazione|dokumentacja|code ?book|code ?lists?|data ?dictionar(y|ies)|dictionnaire\w*|diccionario|dizionario|dictionary|methodolog\w*|metodolog\w*|methodik|modszertan|laatuseloste|toelichting|erlauterung\w*|qualitatsbericht\w*|quality report|notes?|nota|notatka|notice|questionnaire|fragebogen|schema|template|vorlage|plantilla|sample|example|beispiel\w*|ejemplo|exemple|checksums?|md5sums?|sha256sums?|md5|sha1|sha256|signature|citation|cite|bibtex|endnote|ris|eml|rtf file|dublin core|datacite|preview|vorschau|thumbnail|api (docs?|documentation|info)|queryables|iso 19139|iso 19115|changelog|release notes|blame|history|request form|application form|formular\w*|source code|layer definition|web ?config|favicon)\b|методолог\w*|метаданн\w*|пояснени\w*|документаци\w*|概要|说明|說明|方法/u;

/** Collections of other datasets. */
export const COLLECTIONS =
  /\b(all (datasets?|data|tables|files)|catalog(ue)?|katalog|catalogo|whole catalogue|browse|search results?|alle (datensatze|aineistot)|kaikki aineistot|tous les jeux|todos los datos|other datasets|data\.json)\b/u;

/** Headings over what belongs to something else. */
export const ELSEWHERE =
  /\b(related|see also|popular|recent|similar|most (viewed|downloaded)|other (datasets|tables|releases|publications)|you may also|further information|weitere informationen|siehe auch|verwandte|voir aussi|relacionad\w*|correlat\w*|zie ook|news|latest)\b/u;

/** Headings over files to take away. */
export const FILES =
  /\b(data and resources|resources|ressourcen|downloads?|download options|files?|dateien|fichiers?|archivos|telechargement\w*|tabellen|tables|tableaux|tablas|tabelle|do pobrania|attachments?|anhange|data|daten|distributions?|datasets?|export|view ?\/? ?open|bestandsformaten|istatistiksel tablolar|bijlagen)\b/u;

/** Titles of pages that stand where something else should. */
export const ERRORS =
  /\b(404|403|500|not found|no longer (available|published)|withdrawn|access denied|forbidden|unauthori[sz]ed|maintenance|be back soon|error|fehler|nicht gefunden|introuvable|no encontrad[ao]|non trovat[ao]|niet gevonden|ei loytynyt|nie znaleziono|hittades inte|for sale|sign ?in|log ?in|anmelden|before you continue|value your privacy|just a moment|captcha|expired)\b|не найден\w*|見つかりません|找不到/u;

/** Pages that list search hits or start a site. */
export const OVERVIEWS = /\b(search results?|suchergebnis\w*|welcome|willkommen|bienvenue|homepage|startseite)\b/u;

/** Lower case, compatibility forms and marks on Latin letters taken away; other scripts keep theirs. */
export function folded(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/(?<=[a-z])\p{M}+/giu, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(/ø/g, 'o')
    .replace(/ł/g, 'l')
    .replace(/ß/g, 'ss')
    .replace(/ı/g, 'i')
    .replace(/[_]+/g, ' ');
}
