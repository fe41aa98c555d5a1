/**
 * Endings by which a double click runs, installs or reconfigures something, on any of the common systems: those that
 * Chromium calls dangerous, and what the shells of Windows and desktops open likewise. Lower case.
 */
const DANGEROUS: ReadonlySet<string> = new Set(
  `
  action ade adp apk app appimage application appref-ms asp bas bash bat cer chm class cmd com command cpl crx csh dart
  deb desktop diagcab diagcfg diagpkg dll dmg drv efi exe fon fxp gadget grp hlp hta htm html htt inf ins inx iso isp isu
  its jar jnlp job js jse ksh lib library-ms lnk local mad maf mag mam manifest maq mar mas mau mav maw mda mde mdt mdw
  mdz mht mhtml mjs mmc mof msc msh msh1 msh1xml msh2 msh2xml mshxml msi msix msixbundle msp mst ocx ops oxt paf partial pcd
  pif pkg pl plg prf prg ps1 ps1xml ps2 ps2xml psc1 psc2 psm1 py pyc pyw rb reg rgs rpm run scf scr sct search-ms
  searchconnector-ms service settingcontent-ms sh shb shs shtm shtml slk svg svgz swf sys terminal theme udl url vb vbe
  vbs vbscript vdx vhd vhdx vsmacros vsw webloc website workflow ws wsc wsf wsh xbap xht xhtml xll xnk xrm-ms xsl xslt
  `
    .trim()
    .split(/\s+/),
);

/** Whether a name with this extension (without the dot) is more than data to who opens it. */
export const isDangerousExtension = (extension: string): boolean => DANGEROUS.has(extension.toLowerCase());
