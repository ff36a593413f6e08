package stages

// saidTopic is some speech, one sentence a line, and a word that its title
// should hold, in small letters.
type saidTopic struct{ word, said string }

var otherLanguages = map[string][]saidTopic{
	"de": {
		{"vulkan", `Ein Vulkan entsteht, wo geschmolzenes Gestein an die Oberfläche dringt.
Unter dem Vulkan sammelt sich das Magma in einer Kammer.
Steigt der Druck, dann bricht der Vulkan aus und speit Lava.
Die Lava kühlt ab und wird zu schwarzem Gestein.`},
		{"bienen", `Bienen besuchen an einem Morgen hunderte von Blüten.
Im Stock tanzen die Bienen und zeigen so den Weg.
Aus dem Nektar wird über den Sommer Honig.
Im Winter leben die Bienen von ihrem Honig.`},
		{"brücke", `Eine Brücke trägt nicht nur die Wagen, sondern vor allem sich selbst.
Die älteste Form der Brücke ist der Bogen aus Stein.
Hängt man die Fahrbahn an Seile, so kann die Brücke weiter reichen.
Gegen den Wind werden die Seile im Kanal geprüft.`},
	},
	"es": {
		{"volcán", `Un volcán nace donde la roca fundida llega a la superficie.
Debajo del volcán, el magma se acumula en una cámara.
Cuando sube la presión, el volcán arroja lava y ceniza.
La lava se enfría y forma islas enteras.`},
		{"abejas", `Las abejas visitan cientos de flores cada mañana.
En la colmena, las abejas bailan para indicar el camino.
Con el néctar hacen miel durante todo el verano.
En invierno las abejas comen la miel guardada.`},
		{"puente", `Un puente tiene que soportar su propio peso.
El puente más antiguo es el arco de piedra.
Si el tablero cuelga de cables, el puente llega más lejos.
Los cables se prueban contra el viento.`},
	},
	"fr": {
		{"volcan", `Un volcan naît là où la roche fondue atteint la surface.
Sous le volcan, le magma remplit une chambre.
Quand la pression monte, le volcan crache de la lave.
La lave refroidit et devient une pierre noire.`},
		{"abeilles", `Les abeilles visitent des centaines de fleurs le matin.
Dans la ruche, les abeilles dansent pour montrer le chemin.
Avec le nectar elles font du miel pendant l'été.
L'hiver, les abeilles mangent leur miel.`},
		{"pont", `Un pont doit porter son propre poids.
Le plus vieux pont est une arche de pierre.
Si la route pend à des câbles, le pont va plus loin.
Les câbles du pont résistent au vent.`},
	},
	"zh": {
		{"火山", "火山是熔岩从地下喷出的地方。\n火山下面有岩浆。\n压力上升时火山就会爆发，喷出熔岩。\n熔岩冷却以后变成岩石。"},
		{"蜜蜂", "蜜蜂每天早上飞到很多花朵上。\n蜜蜂用跳舞告诉同伴花朵在哪里。\n它们把花蜜酿成蜂蜜。\n冬天蜜蜂吃自己的蜂蜜。"},
		{"桥", "大桥首先要承受自己的重量。\n最古老的大桥是石头拱桥。\n悬索大桥把桥面挂在钢缆上。\n工程师用风洞测试钢缆。"},
	},
	"ja": {
		{"火山", "火山は溶岩が地表に出てくる場所です。\n火山の下にはマグマがあります。\n圧力が高まると火山は噴火します。\n溶岩は冷えて岩になります。"},
		{"ミツバチ", "ミツバチは毎朝たくさんの花を訪れます。\n巣の中でミツバチはダンスをします。\n花の蜜はやがて蜂蜜になります。\n冬のあいだミツバチは蜂蜜を食べます。"},
		{"潮", "満潮は一日に二回やってきます。\n月が海の水を引くと満潮になります。\n満月のころの満潮はとても高くなります。\n船乗りは港を出る前に満潮の時刻を調べます。"},
	},
}
