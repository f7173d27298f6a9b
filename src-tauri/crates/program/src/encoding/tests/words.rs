//! Lines that programs write, most of them of one word.

pub(super) const SPANISH: &str = "\
    más|está|también|qué|así|años|día|después|están|año|había|cómo|sólo|país|él|aquí|sí|días|además|según|será|\
    méxico|ahí|españa|aún|tenía|política|sé|información|mañana|número|señor|través|tú|podría|algún|mí|niños|sería|\
    artículo|países|quién|razón|todavía|mayoría|único|último|público|situación|educación|estás|ningún|demás|español|\
    policía|línea|allí|atención|debería|población|relación|difícil|fácil|música|josé|inglés|última|allá|corazón|\
    político|pasó|pública|región|dirección|habían|investigación|película|república|dónde|única|producción|común|\
    economía|opinión|organización|página|acción|políticos|últimos|acá|campaña|ejército|interés|llegó|niño|río|\
    compañía|pequeño|podía|éxito|américa|maría|canción|dólares|fútbol|quería|comunicación|época|construcción|\
    energía|índice|íntimo|útil|contraseña|conexión|sesión|versión|código|configuración|ejecución|autorizado|\
    pingüino|vergüenza|ñandú|menú|árbol|área|ítem|El usuario no está autorizado|¡Hola!|¡hola, mañana!|\
    ¿Está en línea?|¿quién es?|nº 3|3º|1ª|«sí»";

pub(super) const GERMAN: &str = "\
    für|über|können|würde|wäre|müssen|hätte|könnte|dafür|während|natürlich|zurück|schön|später|möchte|gehört|lässt|\
    darüber|möglich|würden|überhaupt|münchen|männer|nächsten|fünf|gegenüber|hätten|glück|zunächst|dürfen|früher|\
    mädchen|österreich|führt|könnten|läuft|völlig|märz|führen|hält|tatsächlich|nämlich|hören|köln|möglichkeit|stück|\
    fällt|höhe|nächste|wären|übrigens|erklärt|gefühl|überall|gehören|nähe|häufig|könig|lösung|schöne|plötzlich|\
    bevölkerung|körper|länger|grünen|europäischen|hälfte|schüler|bürger|erklären|erzählt|grösste|präsident|grössten|\
    hört|müsste|unterstützung|verfügung|wählen|gefällt|öffentlichen|ändern|gewählt|veröffentlicht|ähnlich|früh|\
    gebäude|ländern|flüchtlinge|gründen|straße|größe|groß|große|größer|größte|fuß|füße|fußball|heiß|weiß|heißt|\
    außer|außerdem|draußen|schließen|schließlich|gemäß|mäßig|regelmäßig|maßnahmen|spaß|grüße|süß|bloß|stoß|genießen|\
    gießen|verstoß|anschließend|dreißig|beißen|fleißig|strauß|ließ|begrüßen|daß|muß|mußte|bewußt|fluß|schluß|äußern|\
    öl|öffnen|öfter|übermäßig|Die Datei „Straße“ wurde nicht gefunden.|Zugriff verweigert: übermäßig groß";

pub(super) const FRENCH: &str = "\
    à|ça|être|même|était|été|après|très|où|là|déjà|français|première|année|années|état|également|tête|étaient|\
    société|côté|général|jusqu'à|équipe|mère|près|père|dès|passé|problème|président|début|système|façon|dernière|\
    idée|étais|êtes|plutôt|française|journée|donné|grâce|école|étant|manière|québec|sûr|vidéo|région|voilà|deuxième|\
    sécurité|série|époque|marché|santé|écrit|développement|trouvé|siècle|françois|frère|cœur|malgré|états|derrière|\
    mêmes|période|âge|armée|décembre|résultats|août|rôle|espère|intérieur|intérêt|présente|février|qualité|scène|\
    troisième|problèmes|étude|études|données|dû|présent|réponse|réseau|contrôle|république|succès|économique|\
    activité|américain|création|expérience|arrêter|bientôt|différents|liberté|présence|économie|entrée|réalité|\
    université|œuvre|accès|delà|île|œil|sœur|naïf|maïs|noël|hôte|goût|brûler|reçu|garçon|façade|élève|échec|\
    Échec de l’ouverture|L’élève n’a pas réussi|« Fichier »|Chargement…|1ère|2ème";

pub(super) const PORTUGUESE: &str = "\
    é|não|você|são|à|já|também|está|só|até|estão|há|tão|então|às|nós|será|lá|alguém|três|mãe|além|história|após|\
    ninguém|vocês|aí|país|família|têm|através|vídeo|música|vão|água|número|dá|região|área|público|vários|segurança|\
    série|crianças|milhões|população|polícia|cabeça|várias|início|relação|atenção|informações|política|possível|\
    começou|última|difícil|força|manhã|porém|atrás|mês|próprio|saúde|mão|último|fácil|países|produção|educação|\
    março|coração|começar|espaço|vê|único|própria|serviço|única|língua|período|português|situação|sério|amanhã|\
    nível|questão|informação|inglês|irmão|josé|américa|justiça|ação|criança|próximo|construção|pública|tradução|põe|\
    opções|versões|configurações|irmã|maçã|pães|àquele|ônibus|vôo|ímpar|ícone|usuário|conexão|\
    O usuário não está autorizado|Operação concluída|Não.";

pub(super) const ENGLISH: &str = "\
    don’t|can’t|isn’t|couldn’t|You’re|users’|The server’s certificate|Can’t open “file.txt”|\
    The file “C:\\x” wasn’t found.|“word”|“quoted words”|‘single’|“Don’t,” he said|“Hello|he said.”|Loading…|\
    Please wait…|one – two|yes — no|2019–2024|50 €|€10|20 °C|©2024 Contoso|Windows® 10|Intel™ Core|5 µs|10 m²|\
    • item|café|naïve|résumé|fiancée|déjà vu";
