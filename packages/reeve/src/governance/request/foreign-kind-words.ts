import { foldedText, type Language, languagesOf } from './languages.ts'

type Foreign = Exclude<Language, 'en'>

/**
 * How people ask for each kind of effect in other languages than English: small letters, without accents (`ü` is `u`, or `ue` as
 * people write it without one). Of grave kinds the verb, not the thing alone: who asks for a list of payments asks for none.
 */
const words: Record<string, Record<Foreign, string>> = {
  pay: {
    de: 'bezahl(?:e|st|t|en)|zahl(?:e|st|t)|zahlen sie|zu zahlen|u(?:e)?berweis(?:e|en|t)|begleich(?:e|en|t)|spende[nt]?|zahl(?:e|en)? [^.!?]{0,60}ein|transferier(?:e|en|t)',
    fr: 'pay(?:e|er|ez|ons)|paie|regler|reglez|regle (?:la|ma|cette|leur|sa|l) ?\\W?facture|vir(?:e|er|ez) [^.!?]{0,40}(?:euros?|€|\\d)|(?:fai[st]|faire|faites|effectue[rz]?) [^.!?]{0,30}(?:virements?|paiements?)|transfer(?:e|er|ez) [^.!?]{0,40}(?:euros?|€|\\d)|rembourse[rz]?',
    es: 'pag(?:a|ar|ue|ues|alo|arle)|abona[r]?|transfier[ea]|transfiere(?:le)?|transferir|(?:haz|hacer|haga|realiza[r]?) [^.!?]{0,30}(?:transferencias?|pagos?)|dona[r]?',
    it: 'pag(?:a|are|hi|ala|alo)|bonifica(?:re)?|(?:fai|fare|faccia|esegui|effettua(?:re)?) [^.!?]{0,30}(?:bonific[oi]|pagament[oi])|trasferisc[ia] [^.!?]{0,40}(?:euro|€|\\d)|salda(?:re)?|versa(?:re)? [^.!?]{0,40}(?:euro|€|\\d)|dona(?:re)?',
    pt: 'pag(?:a|ar|ue|ues)|transfira|transfere|transferir|(?:faz|faca|fazer|efetua[r]?) [^.!?]{0,30}(?:transferencias?|pagamentos?)|doa[r]?',
    nl: 'betaal|betaalt|betalen|maak [^.!?]{0,60}over|overmaken|over te maken|schrijf [^.!?]{0,40}(?:euro|€|\\d)[^.!?]{0,40}over|voldoe|doneer',
  },
  'payment change': {
    de: '(?:ander(?:e|n)|aender(?:e|n)|erhoh(?:e|en)|erhoeh(?:e|en)|senk(?:e|en)|pass(?:e|en)|korrigier(?:e|en))[^.!?]{0,60}(?:zahlung(?:en)?|u(?:e)?berweisung(?:en)?|dauerauftr\\w+|miete|abo\\w*|rechnung(?:en)?)',
    fr: '(?:modifi(?:e|er|ez)|chang(?:e|er|ez)|augment(?:e|er|ez)|bais+(?:e|er|ez)|ajust(?:e|er|ez)|corrig(?:e|er|ez))[^.!?]{0,60}(?:paiements?|virements?|prelevements?|loyer|abonnements?)',
    es: '(?:cambi(?:a|ar|e)|modific(?:a|ar)|aument(?:a|ar|e)|sub(?:e|ir)|baj(?:a|ar)|ajust(?:a|ar)|corrig(?:e|a)|corregir)[^.!?]{0,60}(?:pagos?|transferencias?|alquiler|suscripci\\w+|recibos?)',
    it: '(?:cambia(?:re)?|modifica(?:re)?|aumenta(?:re)?|abbassa(?:re)?|correggi|correggere|aggiorna(?:re)?)[^.!?]{0,60}(?:pagament[oi]|bonific[oi]|affitto|abbonament[oi])',
    pt: '(?:mud(?:a|ar|e)|alter(?:a|ar|e)|aument(?:a|ar|e)|baix(?:a|ar|e)|ajust(?:a|ar|e)|corrig(?:e|a|ir))[^.!?]{0,60}(?:pagamentos?|transferencias?|renda|aluguel|assinaturas?)',
    nl: '(?:wijzig(?:en)?|verander(?:en)?|verhoog|verhogen|verlaag|verlagen|pas|corrigeer)[^.!?]{0,60}(?:betaling(?:en)?|overboeking(?:en)?|huur|abonnement(?:en)?)',
  },
  refund: {
    de: 'erstatt(?:e|en|et)|ru(?:e)?ckerstatt\\w*|zuru(?:e)?ckzahl(?:e|en)|zahl(?:e|en)? [^.!?]{0,60}zuru(?:e)?ck|ru(?:e)?ckzahlung|geld zuru(?:e)?ck|stornier(?:e|en|t)',
    fr: 'rembours(?:e|er|ez|ement)|retourn(?:e|er|ez)|annul(?:e|er|ez|ation)',
    es: 'reembols(?:a|ar|e|o)|devolv(?:er|ed)|devuelv(?:e|a)(?:le)?|anul(?:a|ar|e)|cancel(?:a|ar|e)',
    it: 'rimbors(?:a|are|i|o)|restitui(?:re|sci|sca)|annulla(?:re)?|disdi(?:re|ci)',
    pt: 'reembols(?:a|ar|e|o)|devolv(?:e|er|a)|cancel(?:a|ar|e)|anul(?:a|ar|e)',
    nl: 'terugbetaal|terugbetalen|betaal [^.!?]{0,60}terug|terugbetaling|geld terug|annuleer|annuleren|vergoed(?:en)?',
  },
  buy: {
    de: 'kauf(?:e|en|t)?|bestell(?:e|en|t)|besorg(?:e|en)|erwerb(?:e|en)|warenkorb|abonnier(?:e|en)|nachbestell(?:e|en)|einkauf(?:en)?',
    fr: 'achet(?:e|er|ez)|command(?:e|er|ez)|panier|procure[rz]?|abonne[rz]?',
    es: 'compr(?:a|ar|e|ame)|pid(?:e|a|eme)|pedir|encarg(?:a|ar|ue)|carrito|suscrib(?:e|ir|ete)',
    it: 'compra(?:re|mi)?|acquista(?:re)?|ordina(?:re)?|carrello|abbona(?:re|ti)?',
    pt: 'compr(?:a|ar|e)|encomend(?:a|ar|e)|adquir(?:e|ir|a)|carrinho|assin(?:a|ar|e)',
    nl: 'koop|kopen|bestel|bestellen|winkelwagen|winkelmand|aanschaffen|abonneer',
  },
  message: {
    de: 'send(?:e|en|et)|schick(?:e|en|t)?|schreib(?:e|en|t)?|antwort(?:e|en|et)|beantwort(?:e|en|et)|leit(?:e|en|et)? [^.!?]{0,60}weiter|weiterleit(?:e|en)|weiterzuleiten|informier(?:e|en|t)|benachrichtig(?:e|en|t)|teil(?:e|en|t)? [^.!?]{0,60}mit|mitteil(?:e|en)|sag(?:e|en|t)? (?:ihm|ihr|ihnen|\\w+ bescheid)|erinner(?:e|n|t)|frag(?:e|en|t)? (?:bei|nach|ihn|sie|\\p{L}+)|dank(?:e|en|t)|lad(?:e|en|t)? [^.!?]{0,60}ein|einlad(?:e|en)|post(?:e|en|et)|vero(?:e)?ffentlich(?:e|en|t)|kontaktier(?:e|en)|meld(?:e|en|et) [^.!?]{0,40}(?:bei|an)',
    fr: 'envoy(?:e|er|ez|ons)|envoie|ecri(?:s|re|vez|vons)|repond(?:s|re|ez|ons)|transf(?:e|é)r(?:e|er|ez)|fai(?:s|re|tes) suivre|inform(?:e|er|ez)|previen(?:s|t)|preven(?:ir|ez)|averti(?:s|r|ssez)|di(?:s|tes|re)[- ](?:lui|leur|a)|rappel(?:le|er|ez)|demand(?:e|er|ez)[- ](?:lui|leur|a)|remerci(?:e|er|ez)|invit(?:e|er|ez)|publi(?:e|er|ez)|post(?:e|er|ez)|contact(?:e|er|ez)|partag(?:e|er|ez)',
    es: 'envi(?:a|ar|e|ale|ales|ame)|mand(?:a|ar|e|ale|ales)|escrib(?:e|ir|a|ele|eles)|respond(?:e|er|a|ele)|contest(?:a|ar|e|ale)|reenvi(?:a|ar|e)|inform(?:a|ar|e|ale)|avis(?:a|ar|e|ale|ales)|di(?:le|les|ga)|recuerd(?:a|ale|ales)|pregunt(?:a|ar|e|ale)|agradec(?:e|er)|invit(?:a|ar|e)|public(?:a|ar|que)|contact(?:a|ar|e)',
    it: 'invia(?:re|gli|le|mi)?|manda(?:re|gli|le)?|spedisc[ia]|spedire|scriv(?:i|ere|a|igli|ile)|rispond(?:i|ere|a|igli|ile)|inoltra(?:re)?|informa(?:re|lo|la|li)?|avvis(?:a|are|i|alo|ala)|di(?:gli|lle|te)|ricorda(?:gli|le|re)|chied(?:i|igli|ile|ere)|ringrazia(?:re)?|invita(?:re)?|pubblica(?:re)?|contatta(?:re)?',
    pt: 'envi(?:a|ar|e)|mand(?:a|ar|e)|escrev(?:e|er|a)|respond(?:e|er|a)|encaminh(?:a|ar|e)|reencaminh(?:a|ar|e)|inform(?:a|ar|e)|avis(?:a|ar|e)|di(?:z|ga|zer)(?:-lhe)?|lembr(?:a|ar|e)|pergunt(?:a|ar|e)|agradec(?:e|er|a)|convid(?:a|ar|e)|public(?:a|ar)|publique|contat(?:a|ar|e)',
    nl: 'stuur|sturen|stuurt|verstuur|versturen|verzend(?:en)?|schrijf|schrijven|antwoord(?:en)?|beantwoord(?:en)?|mail|mailen|informeer|informeren|laat [^.!?]{0,40}weten|vertel|vertellen|herinner(?:en)?|vraag (?:aan|het|\\p{L}+)|bedank(?:en)?|nodig [^.!?]{0,60}uit|uitnodigen|plaats|plaatsen|deel|publiceer|neem contact op',
  },
  web: {
    de: 'web ?seiten?|webseiten?|internetseiten?|seiten?|link[s]?|formular(?:e|en|s)?|browser|online|artikel(?:n|s)?|blog[s]?|besuch(?:e|en|t)|registrier(?:e|en|t)|full(?:e|en)? [^.!?]{0,60}aus|ausfull(?:e|en)',
    fr: 'sites?|pages?|liens?|formulaires?|internet|en ligne|articles?|blogs?|visit(?:e|er|ez)|inscri(?:s|re|vez)|rempli(?:s|r|ssez)',
    es: 'sitios?|paginas?|enlaces?|formularios?|internet|en linea|articulos?|blogs?|visit(?:a|ar|e)|registr(?:a|ar|e|ate)|rellen(?:a|ar|e)',
    it: 'sit[oi]|pagin[ae]|link|modul[oi]|internet|online|articol[oi]|blog|visita(?:re)?|registra(?:re|ti)?|compila(?:re)?',
    pt: 'sites?|paginas?|links?|formularios?|internet|online|artigos?|blogs?|visit(?:a|ar|e)|regist(?:a|ar|e)|registr(?:a|ar|e)|preench(?:e|er|a)',
    nl: 'website[s]?|webpagina[s]?|pagina[s]?|site[s]?|link[s]?|formulier(?:en)?|internet|online|artikel(?:en)?|blog[s]?|bezoek(?:en)?|registreer|vul [^.!?]{0,60}in',
  },
  calendar: {
    de: '\\p{L}*kalender(?:s|n)?|\\p{L}*termin(?:e|en|s)?|besprechung(?:en)?|\\p{L}*treffen|meetings?|verabredung(?:en)?|trag(?:e|en)? [^.!?]{0,60}ein|eintrag(?:en)?|teilnehmer(?:n|s)?|verschieb(?:e|en|t)|erinnerung(?:en)?',
    fr: 'calendrier|agenda|rendez[- ]?vous|rdv|reunions?|evenements?|participants?|reporte[rz]?|deplac(?:e|er|ez)|planifi(?:e|er|ez)|rappels?',
    es: 'calendario|agenda|citas?|reuni(?:on|ones)|eventos?|participantes?|reprogram(?:a|ar|e)|program(?:a|ar|e)|recordatorios?',
    it: 'calendario|agenda|appuntament[oi]|riunion[ei]|event[oi]|partecipant[ei]|sposta(?:re)?|pianifica(?:re)?|promemoria',
    pt: 'calendario|agenda(?:r|e)?|reuni(?:ao|oes)|eventos?|compromissos?|participantes?|remarc(?:a|ar|que)|lembretes?',
    nl: 'kalender|agenda|afspra(?:ak|ken)|vergadering(?:en)?|meetings?|evenement(?:en)?|deelnemers?|verplaats(?:en)?|verzet(?:ten)?|plan|plannen|herinnering(?:en)?',
  },
  reserve: {
    de: 'reservier(?:e|en|t|ung|ungen)|buch(?:e|en|t|ung|ungen)|miet(?:e|en)|ubernachtung(?:en)?',
    fr: 'reserv(?:e|er|ez|ation|ations)|lou(?:e|er|ez)|sejour',
    es: 'reserv(?:a|ar|e|as|acion|aciones)|alquil(?:a|ar|e)|estancia',
    it: 'prenota(?:re|zione|zioni)?|riserva(?:re)?|affitta(?:re)?|soggiorno',
    pt: 'reserv(?:a|ar|e|as)|marc(?:a|ar|que)|alug(?:a|ar|ue)|estadia',
    nl: 'reserveer|reserveren|reservering(?:en)?|boek|boeken|boeking(?:en)?|huren|verblijf',
  },
  file: {
    de: '\\p{L}*datei(?:en)?|\\p{L}*ordner(?:n|s)?|\\p{L}*dokument(?:e|en|s)?|verzeichnis(?:se|sen)?|notiz(?:en)?|speicher(?:e|n|t)|lad(?:e|en)? [^.!?]{0,60}herunter|herunterlad(?:e|en)|anhang|anhange|\\p{L}*liste[n]?|kopier(?:e|en|t)|tabelle[n]?',
    fr: 'fichiers?|dossiers?|documents?|notes?|enregistr(?:e|er|ez)|sauvegard(?:e|er|ez)|telecharg(?:e|er|ez)|pieces? jointes?|listes?|copi(?:e|er|ez)|tableur',
    es: 'archivos?|ficheros?|carpetas?|documentos?|notas?|guard(?:a|ar|e)|descarg(?:a|ar|ue)|adjunt(?:a|ar|o|os)|listas?|copi(?:a|ar|e)',
    it: 'file|cartell[ae]|document[oi]|not[ae]|salva(?:re)?|scarica(?:re)?|allegat[oi]|allega(?:re)?|list[ae]|elenco|copia(?:re)?',
    pt: 'arquivos?|ficheiros?|pastas?|documentos?|notas?|guard(?:a|ar|e)|salv(?:a|ar|e)|baix(?:a|ar|e)|descarreg(?:a|ar|ue)|anex(?:a|ar|o|os)|listas?|copi(?:a|ar|e)',
    nl: 'bestand(?:en)?|map|mappen|document(?:en)?|notitie[s]?|sla [^.!?]{0,60}op|opslaan|download|downloaden|bijlage[n]?|lijst(?:en)?|kopieer|kopieren',
  },
  delete: {
    de: 'losch(?:e|en|t)|loesch(?:e|en|t)|entfern(?:e|en|t)|leer(?:e|en|t)|raum(?:e|en)? [^.!?]{0,60}auf|stornier(?:e|en|t)|sag(?:e|en)? [^.!?]{0,60}ab|absag(?:e|en)|wirf [^.!?]{0,60}weg|ku(?:e)?ndig(?:e|en)',
    fr: 'supprim(?:e|er|ez|ons)|effac(?:e|er|ez)|enlev(?:e|er|ez)|retir(?:e|er|ez)|vid(?:e|er|ez)|annul(?:e|er|ez)|resili(?:e|er|ez)',
    es: 'borr(?:a|ar|e|alo|ala)|elimin(?:a|ar|e|alo|ala)|quit(?:a|ar|e)|vaci(?:a|ar|e)|cancel(?:a|ar|e)|anul(?:a|ar|e)',
    it: 'elimina(?:re|lo|la)?|cancella(?:re|lo|la)?|rimuov(?:i|ere|a)|svuota(?:re)?|annulla(?:re)?|disdi(?:re|ci)',
    pt: 'apag(?:a|ar|ue)|elimin(?:a|ar|e)|exclu(?:i|ir|a)|remov(?:e|er|a)|esvazi(?:a|ar|e)|cancel(?:a|ar|e)',
    nl: 'verwijder|verwijderen|verwijdert|wis|wissen|leeg|legen|annuleer|annuleren|zeg [^.!?]{0,60}(?:af|op)|afzeggen|opzeggen|gooi [^.!?]{0,60}weg',
  },
  password: {
    de: '(?:ander(?:e|n|t)|aender(?:e|n|t)|setz(?:e|en)|erneuer(?:e|n)|neues?)[^.!?]{0,60}(?:passwort|passworter|kennwort|zugangsdaten)|(?:passwort|kennwort|zugangsdaten)[^.!?]{0,30}(?:andern|aendern|zurucksetzen|zuruecksetzen|erneuern|setzen)',
    fr: '(?:chang(?:e|er|ez)|modifi(?:e|er|ez)|reinitialis(?:e|er|ez)|renouvel(?:le|er|ez)|nouveau)[^.!?]{0,60}(?:mots? de passe|identifiants?)',
    es: '(?:cambi(?:a|ar|e)|modific(?:a|ar)|restablec(?:e|er)|renov(?:ar)|renueva|nueva)[^.!?]{0,60}(?:contrasenas?|claves?|credenciales)',
    it: '(?:cambia(?:re)?|modifica(?:re)?|reimposta(?:re)?|rinnova(?:re)?|nuova)[^.!?]{0,60}(?:password|credenziali)',
    pt: '(?:mud(?:a|ar|e)|alter(?:a|ar|e)|troc(?:a|ar|que)|redefin(?:e|ir|a)|nova)[^.!?]{0,60}(?:senhas?|palavras?[- ]passe|credenciais)',
    nl: '(?:wijzig(?:en)?|verander(?:en)?|reset|vernieuw(?:en)?|nieuw)[^.!?]{0,60}(?:wachtwoord(?:en)?|inloggegevens)',
  },
  profile: {
    de: '(?:ander(?:e|n|t)|aender(?:e|n|t)|aktualisier(?:e|en|t)|berichtig(?:e|en)|korrigier(?:e|en)|neue[nrs]?)[^.!?]{0,60}(?:konto|adresse|anschrift|profil|angaben|daten|telefonnummer|e-?mail|name[n]?|einstellung(?:en)?)|umgezogen',
    fr: '(?:chang(?:e|er|ez)|modifi(?:e|er|ez)|met(?:s|tre|tez) a jour|corrig(?:e|er|ez)|nouvelle)[^.!?]{0,60}(?:compte|adresse|profil|coordonnees|informations?|telephone|nom|parametres)|demenage',
    es: '(?:cambi(?:a|ar|e)|actualiz(?:a|ar)|actualice|corrig(?:e|a)|corregir|nueva)[^.!?]{0,60}(?:cuenta|direccion|perfil|datos|telefono|correo|nombre|ajustes)|mudado',
    it: '(?:cambia(?:re)?|aggiorna(?:re)?|modifica(?:re)?|correggi|nuov[oa])[^.!?]{0,60}(?:account|conto|indirizzo|profilo|dati|telefono|nome|impostazioni)|traslocato',
    pt: '(?:mud(?:a|ar|e)|atualiz(?:a|ar|e)|alter(?:a|ar|e)|corrig(?:e|a|ir)|nov[oa])[^.!?]{0,60}(?:conta|endereco|morada|perfil|dados|telefone|nome|configuracoes|definicoes)',
    nl: '(?:wijzig(?:en)?|verander(?:en)?|werk|bijwerken|corrigeer|nieuwe?)[^.!?]{0,60}(?:account|rekening|adres|profiel|gegevens|telefoonnummer|naam|instelling(?:en)?)|verhuisd',
  },
  membership: {
    de: 'lad(?:e|en)? [^.!?]{0,60}ein|einlad(?:e|en)|fug(?:e|en)? [^.!?]{0,80}hinzu|hinzufug(?:e|en)|mitglied(?:er|ern)?|beitreten|tritt [^.!?]{0,60}bei|gruppe[n]?|kanal|kanale|team[s]?',
    fr: 'invit(?:e|er|ez)|ajout(?:e|er|ez)|membres?|rejoin(?:s|dre|dez)|groupes?|canal|canaux|equipes?',
    es: 'invit(?:a|ar|e)|anad(?:e|ir|a)|agreg(?:a|ar|ue)|miembros?|un(?:e|ir|irse)|grupos?|canal(?:es)?|equipos?',
    it: 'invita(?:re)?|aggiung(?:i|ere|a)|membr[oi]|unisc[ia](?:ti)?|grupp[oi]|canal[ei]|team|squadr[ae]',
    pt: 'convid(?:a|ar|e)|adicion(?:a|ar|e)|acrescent(?:a|ar|e)|membros?|junt(?:a|ar|e)|grupos?|canal|canais|equipes?|equipas?',
    nl: 'nodig [^.!?]{0,60}uit|uitnodigen|voeg [^.!?]{0,80}toe|toevoegen|leden|lid|groep(?:en)?|kanaal|kanalen|team[s]?',
  },
  share: {
    de: 'teil(?:e|en|t)? [^.!?,]{0,60}(?:ordner|datei(?:en)?|dokument\\w*|kalender|liste|link)|freigeb(?:e|en)|gib [^.!?]{0,60}frei|freigabe|zugriff|vero(?:e)?ffentlich(?:e|en|t)|lad(?:e|en)? [^.!?]{0,60}hoch|hochlad(?:e|en)',
    fr: 'partag(?:e|er|ez)|acces|autorisations?|publi(?:e|er|ez)|met(?:s|tre|tez) en ligne|televers(?:e|er|ez)',
    es: 'compart(?:e|ir|a|elo)|acceso|permisos?|public(?:a|ar)|publique|sub(?:e|ir|a)',
    it: 'condivid(?:i|ere|a)|accesso|permess[oi]|pubblica(?:re)?|carica(?:re)?',
    pt: 'compartilh(?:a|ar|e)|partilh(?:a|ar|e)|acesso|permiss(?:ao|oes)|public(?:a|ar)|publique|carreg(?:a|ar|ue)',
    nl: 'deel|delen|deelt|toegang|rechten|publiceer|publiceren|upload|uploaden',
  },
  session: {
    de: 'meld(?:e|en|et)? (?:dich|mich|sie sich) [^.!?]{0,60}an|anmeld(?:e|en)|einlogg(?:e|en)|logg(?:e|en)? [^.!?]{0,60}ein|zugangsdaten|konto',
    fr: 'connect(?:e|er|ez)|identifi(?:e|er|ez)|compte',
    es: 'inici(?:a|ar) sesion|conect(?:a|ar|ate)|cuenta',
    it: 'acced(?:i|ere|a)|collega(?:ti|rsi)|account|conto',
    pt: 'entr(?:a|ar|e) na conta|inici(?:a|ar|e) sessao|fac?a login|conta',
    nl: 'log [^.!?]{0,40}in|inloggen|meld [^.!?]{0,40}aan|aanmelden|account',
  },
}

/** Words about what somebody wrote, by which a request speaks of a mail or a message as its writer's. */
const writing: Record<Foreign, string> = {
  de: 'e-?mails?|mails?|nachrichten?|briefe?|schrieb|geschrieben|schreibt|schickte|geschickt|gesendet|sagt|sagte|gesagt|fragt|gefragt|bittet|gebeten|antwort(?:e|en|et)?|vorschlag|vorgeschlagen|einladung|anfrage[n]?',
  fr: 'e-?mails?|mails?|courriels?|messages?|lettres?|ecrit|envoye|dit|demande[e]?|repond(?:s|re|ez|u)|propose|invitation|courrier',
  es: 'correos?|e-?mails?|mensajes?|cartas?|escribi[oe]|escrito|envio|enviado|dijo|dice|pidi?o|pregunt[oa]|respond(?:e|er|ele)|contest(?:a|ar|ale)|propu(?:so|esto)|invitacion',
  it: 'e-?mail|mail|messaggi[o]?|letter[ae]|scritto|ha scritto|inviato|mandato|detto|dice|chiesto|chiede|rispond(?:i|ere)|proposto|invito',
  pt: 'e-?mails?|mensage(?:m|ns)|cartas?|escreveu|escrito|enviou|enviado|disse|diz|pediu|perguntou|respond(?:e|er|a)|propos|convite',
  nl: 'e-?mails?|mails?|mailtjes?|berichten?|brief|brieven|schreef|geschreven|stuurde|gestuurd|zei|zegt|vroeg|gevraagd|antwoord(?:en)?|voorgesteld|uitnodiging',
}

const compiled = new Map<string, RegExp>()

function patternFor(source: string): RegExp {
  let pattern = compiled.get(source)
  if (!pattern) {
    pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${source})(?![\\p{L}\\p{N}])`, 'iu')
    compiled.set(source, pattern)
  }
  return pattern
}

/** Whether words ask for a kind of effect in one of these languages; English is for `request-kinds.ts` to say. */
export function asksInOther(folded: string, languages: readonly Language[], kind: string): boolean {
  return languages.some(
    (language) => language !== 'en' && patternFor(words[kind]?.[language] ?? '(?!)').test(folded),
  )
}

/** Whether a sentence speaks of what somebody wrote, in one of these languages. */
export function speaksOfWriting(sentence: string, languages: readonly Language[]): boolean {
  const folded = foldedText(sentence)
  return languages.some((language) => language !== 'en' && patternFor(writing[language]).test(folded))
}

/** Whether a text asks for a kind of effect, in the language that it is written in. */
export function textAsksFor(text: string, kind: string, english: RegExp): boolean {
  const languages = languagesOf(text)
  if (languages.includes('en')) return english.test(text)
  return asksInOther(foldedText(text), languages, kind)
}

/** Whether a word is one of those by which people ask for effects in one of these languages. */
export function saysKindInOther(word: string, languages: readonly Language[]): boolean {
  const folded = foldedText(word)
  return Object.keys(words).some((kind) => asksInOther(folded, languages, kind))
}
