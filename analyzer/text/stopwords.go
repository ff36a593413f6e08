package text

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// stopWords are the words of a language that speak of everything: its closed
// classes, and the verbs and fillers of talks. They are folded as [Tokens]
// folds. A language without a list loses little: words that are everywhere in a
// video weigh little there, and short words count nowhere.
type stopWords map[string]bool

// stopWordsFor returns the list of a language (BCP 47), or where it is unknown
// the list that most of the tokens are in.
func stopWordsFor(language string, tokens []Token) stopWords {
	base, _, _ := strings.Cut(strings.ToLower(language), "-")
	if list, ok := stopLists[base]; ok {
		return makeStopWords(list)
	}
	if base != "" && base != "und" {
		return nil
	}
	var best stopWords
	most := len(tokens) / 5 // a text has more stop words of its language than that
	for _, base := range stopLanguages {
		list := makeStopWords(stopLists[base])
		hits := 0
		for _, t := range tokens {
			if list[t.Word] {
				hits++
			}
		}
		if hits > most {
			best, most = list, hits
		}
	}
	return best
}

func makeStopWords(list string) stopWords {
	stop := stopWords{}
	for word := range strings.FieldsSeq(list) {
		stop[word] = true
	}
	return stop
}

// content says whether a token can tell what a text is about.
func (s stopWords) content(t Token) bool {
	first, _ := utf8.DecodeRuneInString(t.Word)
	if solid(first) {
		return !t.Open && !strings.ContainsFunc(t.Word, hiragana)
	}
	if utf8.RuneCountInString(t.Word) < 3 || s[t.Word] {
		return false
	}
	return strings.IndexFunc(t.Word, unicode.IsLetter) >= 0
}

// hiragana says whether a character is of the script in which Japanese writes
// its particles and endings.
func hiragana(r rune) bool { return unicode.Is(unicode.Hiragana, r) }

// aside says whether a word, where it stands in the text, hardly names what the
// text is about: in English a verb, participle or adverb, as far as that can be
// seen from outside, in German all that has no capital.
func (s stopWords) aside(t Token, before, text string) bool {
	switch {
	case s["the"]:
		inflected := len(t.Word) > 5 && (strings.HasSuffix(t.Word, "ed") || strings.HasSuffix(t.Word, "ly"))
		return inflected || verbAfter[before]
	case s["und"]:
		first, _ := utf8.DecodeRuneInString(text[t.Start:])
		return unicode.IsLower(first)
	}
	return false
}

// Languages are those, BCP 47, whose function words are known.
func Languages() []string { return slices.Clone(stopLanguages) }

// verbAfter are the English words that a verb follows as a rule.
var verbAfter = makeStopWords(`i you he she it we they who to not cannot can could will would shall should may might must
dont doesnt didnt wont cant lets please`)

// stopLanguages are the keys of stopLists, in order.
var stopLanguages = []string{"en", "de", "es", "fr", "it", "nl", "pt"}

var stopLists = map[string]string{
	"en": `a able about above according across actual actually after afterwards again against ago ah all almost alone along
already also although always am among an and another any anybody anyone anything anyway apart are arent around as aside ask
asked asking at away back bad be became because become becomes been before began begin begins behind being below beside besides
best better between beyond big bit both bring brings brought but by bye call called calls came can cannot cant certain certainly clear clearly
come comes coming completely could couldnt course cut day days did didnt different do does doesnt doing done dont down during each
early eight eighty either eleven else end ends enough especially even eventually ever every everybody everyone everything everywhere exactly
example except fact far few fifty figure finally find finds fine first five follow following for found four from full fully further
gave general generally get gets getting give given gives giving go goes going gone gonna good got gotta great guess guys had hadnt
half hand happen happened happens hard hardly has hasnt have havent having he hello help hence her here heres hers herself hey hi high
him himself his hold how however hundred hundreds idea if important in indeed inside instead interesting into is isnt it its itself
just keep keeps kept kind kinda kinds knew know known knows large last late later latter least leave left less let lets like likely
little long longer look looked looking looks lot lots low made mainly make makes making man many matter may maybe me mean means
meanwhile merely might million millions mine minute minutes moment month months more moreover most mostly move moves much must my myself name
namely near nearly necessary need needs neither never nevertheless new next nice night nine no nobody none nor nos not note nothing notice now
nowhere obviously of off often oh okay old on once one ones only onto open opposite or other others otherwise ought our ours ourselves
out outside over own part parts pass past people perhaps place places please point possible pretty probably put puts quite
rather reach real really reason right round said same saw say saying says second see seem seemed seems seen self sense set seven several shall
she should shouldnt show shows side since single six sixty small so some somebody somehow someone something sometimes somewhere soon
sort sorts stand start started starts stay step stick still stop stuff such suddenly suppose sure take taken takes taking talk talking tell ten than
thank thanks that thats the thee thine thou thy their theirs them themselves then there therefore theres these they theyre thing things think thinking third this
those though thought thousand thousands three through throughout thus till time times to today together told too took top toward towards tried tries
true try trying turn turned turns twelve twenty twice two uh um under understand unless unlike until up upon us use used uses using usually
various very via video videos wait walk want wanted wants was wasnt watch way ways we week weeks well went were werent what
whatever when whenever where whereas wherever whether which while who whoever whole whom whose why will with within
without wont word words work works world worse worst worth would wouldnt year years yeah yes yesterday yet you your youre yours
yourself yourselves zero`,

	"de": `aber alle allem allen aller alles als also am an andere anderen anderer anderes auch auf aus bei beim bevor bin bis
bist bleibt da dabei dadurch dafur dagegen daher damals damit danach dann daran darauf darin darum das dass davon dazu dein dem den
denen denn der deren des deshalb dessen dich die dies diese diesem diesen dieser dieses dir doch dort du durch durfen ein eine einem einen
einer eines einfach einige einmal er erst es etwa etwas euch fast fur ganz gar geben gegen gehen geht genau gerade gern
gibt gleich gut habe haben halt hat hatte hatten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im immer in ins
ist ja jede jedem jeden jeder jedes jedoch jetzt kann kannst kein keine keinem keinen keiner konnen konnte kommt lange lasst leicht machen
macht mal man manche mehr mein meine meinem meinen meist mich mir mit muss mussen nach nachdem nachste naturlich neben nein nicht
nichts noch nun nur ob oben oder oft ohne schon sehr sei sein seine seinem seinen seiner seit selbst sich sie sind so sogar soll sollen
sollte sondern sonst soviel statt steht tun uber uberall um und uns unser unsere unter viel viele vielen vom von vor wahrend war
waren warum was weg weil weiter welche welcher wenig wenn wer werden wie wieder will wir wird wirklich wo wollen wurde
wurden zu zum zur zusammen zwar zwei zwischen`,

	"es": `a aca ademas ahi ahora al algo algun alguna algunas alguno algunos alli alta ante antes aqui asi aun aunque bajo bien
cada casi como con contra cosa cosas cual cuales cuando cuanto cuatro da dan de del desde despues dia dias dice dicho
donde dos durante e el ella ellas ello ellos en entonces entre era eran eres es esa esas ese eso esos esta estaba estado
estamos estan estar estas este esto estos estoy fin fue fueron gran grande ha hace hacen hacer hacia han hasta hay he hemos hoy
igual incluso ir jamas junto la las le les lo los luego mas mayor me mejor menos mi mientras mis mismo misma mucha muchas mucho muchos muy
nada ni ningun ninguna no nos nosotros nuestra nuestro nunca o os otra otras otro otros para parece parte pero poco pocos por
porque primer primero pues puede pueden que quien quienes se sea sean segun ser si sido siempre sin sino sobre solo
somos son soy su sus tal tambien tampoco tan tanto te tener tengo ti tiene tienen toda todas todavia todo todos tras tres tu tus
un una unas uno unos usted va vamos van veces vez vosotros y ya yo`,

	"fr": `a ai ainsi alors apres assez au aucun aujourd aussi autre autres aux avait avant avec avoir beaucoup bien bon c ca car
ce cela celle celles celui cent ces cet cette ceux chaque chez chose choses comme comment d dans de deja depuis des deux
dire dit doit donc dont du elle elles en encore enfin entre est et etaient etait etant etc ete etes etre eu eux faire fait faut
font grand grande ici il ils j jamais je jour jours jusqu jusque l la laquelle le lequel les lesquels leur leurs loin lors lorsque lui m ma
mais meme memes mes mettre moi moins mon n ne ni non nos notre nous on ont ou par parce parfois parmi pas
pendant peu peut peuvent plus plusieurs plutot point pour pourquoi pourtant pres presque puis qu quand que quel quelle
quelques qui quoi s sa sans se sera ses seulement si son sont sous souvent sur t ta tandis tant te tellement tes toi ton toujours
tous tout toute toutes tres trois trop tu un une va vers veut voici voila vont vos votre vous vraiment y`,

	"it": `a abbiamo ad ai al alla alle allo altra altre altri altro anche ancora avere aveva c che chi ci cio
come con contro cosa cosi cui da dal dalla dalle dei del della delle dello dentro di dopo dove due e ecco ed era erano essere
fa fanno fare fino fra gia gli ha hanno ho i il in invece io la le lei li lo loro lui ma mai me meno mentre mi mia mio molti molto
ne nei nel nella nelle nessuno niente no noi non nostra nostro o ogni oggi oppure ora per perche pero piu poco poi proprio
puo quale quando quanto quasi quella quelle quelli quello questa queste questi questo qui se sempre senza si sia siamo solo
sono sopra sotto stata stati stato su sua sue sugli sul sulla suo suoi tanto te ti tra tre tu tua tutta tutte tutti tutto un una uno va
vi viene volta`,

	"nl": `aan af al alle alleen als altijd ander andere bij bijna daar dan dat de deze die dit doen door dus echt een eens
en er erg even gaan gaat geen gewoon goed haar had hadden heb hebben heeft heel hem het hier hij hoe hun iets ik in is ja je jij
jullie kan komt kunnen maar made man meer meest men met mij mijn misschien moet moeten na naar niet niets nog nooit nu of om omdat
ons ook op over samen te tegen toch toen tot tussen twee uit van vaak veel voor want waren was wat we weer wel
welke werd wie wij wil worden wordt zal ze zeer zei zich zij zijn zo zoals zonder zou zulke`,

	"pt": `a ainda agora algo alguma algumas alguns ali antes ao aos apenas aqui as assim ate bem cada coisa coisas com como contra
da das de dela dele deles depois desde dessa desse desta deste dia dias diz do dois dos durante e ela elas ele eles em enquanto entao
entre era eram essa essas esse esses esta estao estar estas estava este estes estou eu faz fazer foi foram grande ha isso isto ja la
lhe mais mas me mesma mesmo meu meus minha muita muitas muito muitos na nada nao nas nem nenhum nessa nesse nesta neste
no nos nossa nosso num numa nunca o onde os ou outra outras outro outros para parte pela pelas pelo pelos pode podem por porque pouco
quais qual quando quanto quase que quem sao se seja sem sempre ser seu seus si sido so sobre sua suas tal tambem tanto
te tem temos tenho ter toda todas todo todos tres tu tudo um uma umas uns vai vamos vao vez vezes voce voces`,
}
