"""How headings in Chinese, Japanese, Korean, German, French and Spanish ask for a side of a topic, and by what words a
statement in these languages shows that it is on it. Data, by the name of the side.
"""

from __future__ import annotations

# Scripts without blanks between words, or, as in Korean, with endings on them.
ASKED_UNSPACED = {
    "future": "未来(?:工作|方向)?|展望|下一步|(?:开放|未解决的?)问题|今後(?:の課題)?|将来|향후(?: 연구)?|전망",
    "limits": "局限性?|缺点|不足(?:之处)?|问题|挑战|困难|风险|限制|缺陷|瓶颈|失败|坑|限界|課題|欠点|弱点|"
    "問題点?|한계점?|단점|문제점?|위험",
    "cost": "成本|代价|开销|花费|コスト|費用|비용",
    "speed": "速度|延迟|吞吐量?|性能|效率|遅延|속도|성능",
    "results": "(?:实验|线上|离线|在线)*(?:效果|结果|收益|表现|评估|实验|评测)|指标|評価|結果|実験|평가|결과|실험",
    "updates": "更新|维护|时效性?|保鲜|メンテナンス|갱신|업데이트",
    "benefits": "优点|优势|好处|收益|(?:何时|什么时候)(?:用|使用|有用|有效)|利点|メリット|장점|이점",
    "uses": "应用(?:场景)?|适用场景|实践|落地|案例|用途|例子|応用|事例|응용|사례|활용",
    "how": "(?:核心)?(?:方法|原理|做法|机制|思路|思想|算法)|怎么做|如何(?:工作|实现|做)|仕組み|手法|"
    "しくみ|방법|원리|작동",
    "what": "定义|是什么|什么是|(?:基本)?概念|基础|简介|定義|とは(?:何か)?|基本|정의|개념|무엇",
    "why": "(?:研究)?(?:背景|动机)|为什么|原因|意义|動機|なぜ|理由|동기|배경|왜|이유",
    "compared": "对比|比较|区别|差异|替代(?:方案)?|取舍|权衡|比較|違い|비교|차이",
    "tools": "工具|框架|平台|库|实现|ツール|実装|도구|구현",
}
TOLD_UNSPACED = {
    "future": "未来|展望|尚未|仍然|有待|下一步|探索|今後|将来|향후|아직",
    "limits": "局限|缺点|不足|问题|挑战|困难|无法|不能|难以|失败|风险|缺陷|瓶颈|受限|偏差|噪声|容易|限界|"
    "課題|欠点|問題|困難|できない|難しい|失敗|한계|단점|문제|어렵|실패|위험",
    "cost": "成本|代价|开销|昂贵|内存|显存|计算量|延迟|资源|复杂度|耗时|コスト|費用|メモリ|計算量|비용|메모리|계산량",
    "speed": "速度|延迟|吞吐|加速|耗时|效率|更快|更慢|高速|遅|속도|빠르|느리",
    "results": "实验|结果|效果|指标|评估|评测|准确率|召回率|精度|提升|优于|超过|評価|結果|精度|実験|평가|"
    "결과|정확도|성능",
    "updates": "更新|增量|重新训练|实时|新数据|过期|갱신|업데이트",
    "benefits": "优点|优势|好处|有效|提升|改善|提高|适合|有助|降低|减少|避免|利点|有効|改善|장점|효과|향상",
    "uses": "应用|场景|例如|比如|用于|落地|线上|业务|实践|応用|例えば|用いられ|응용|활용|예를 들어",
    "how": "通过|利用|采用|使用|首先|然后|计算|将|输入|输出|构建|学习|训练|により|を用い|計算|学習|통해|이용|사용|학습",
    "what": "是指|是一种|定义|指的是|称为|是一个|とは|と呼|である|이란|정의|말한다",
    "why": "因为|由于|为了|动机|需要|导致|问题|缺乏|忽略|难以|无法|ため|必要|原因|때문|위해|필요",
    "compared": "相比|对比|不同|区别|差异|优于|替代|而不是|より|比べ|違|異な|비해|보다|차이",
    "tools": "工具|框架|平台|开源|实现|ツール|実装|도구|구현",
}
ASKED_SPACED = {
    "future": "ausblick|offene (?:fragen|probleme|punkte)|nächste schritte|zukunft|perspectives|"
    "questions ouvertes|travaux futurs|trabajos? futuros?|preguntas abiertas|perspectivas|"
    "próximos pasos",
    "limits": "grenzen|nachteile?|schwächen?|schwachstellen|probleme?|risiken|fallstricke|einschränkungen|"
    "herausforderungen|(?:scheitert|versagt|scheitern|fehler)|limites?|inconvénients|faiblesses|"
    "problèmes?|risques|pièges|défis|échecs|límites|limitaciones|desventajas|problemas?|riesgos|"
    "retos|fallos|debilidades",
    "cost": "kosten|aufwand|preise?|coûts?|prix|costes?|costos?|precios?",
    "speed": "geschwindigkeit|latenz|durchsatz|vitesse|latence|débit|velocidad|latencia|rendimiento",
    "results": "ergebnisse?|auswertung|bewertung|messungen?|kennzahlen|résultats?|évaluation|mesures|"
    "resultados?|evaluación|métricas|mediciones",
    "updates": "aktualisierung|pflege|wartung|mises? à jour|actualización|actualizaciones|mantenimiento",
    "benefits": "vorteile?|nutzen|stärken|(?:hilft|helfen|lohnt(?: sich)?)|avantages|bénéfices|atouts|"
    "ventajas|beneficios|ayuda",
    "uses": "anwendung(?:en)?|beispiele?|praxis|einsatz|usages|exemples|en pratique|cas d'usage|"
    "aplicaciones|usos|ejemplos|en la práctica|casos de uso",
    "how": "wie (?:es|sie|das|er) (?:funktioniert|geht|arbeitet|funktionieren)|funktionsweise|verfahren|"
    "methoden?|idee|comment (?:ça|cela|il|elle)? ?(?:marche|fonctionne)|fonctionnement|"
    "principes?|méthodes?|cómo funcionan?|funcionamiento|métodos?|mecanismos?",
    "what": "was (?:es|das|sie|ist|sind)|grundlagen|begriffe?|définitions?|notions|"
    "qu'est-ce que(?: c'est)?|definición|qué (?:es|son)|fundamentos|conceptos",
    "why": "warum|wozu|gründe|pourquoi|raisons|motivación|por qué|razones",
    "compared": "vergleiche?|alternativen|unterschiede?|abwägung|comparaisons?|différences|compromis|"
    "comparación|alternativas|diferencias",
    "tools": "werkzeuge|bibliotheken|umsetzung|outils|bibliothèques|herramientas|bibliotecas",
}
TOLD_SPACED = {
    "future": "künftig|zukünft|offen|ungelöst|futurs?\\b|ouvert|abiert|pendiente",
    "limits": "grenze|nachteil|schwäche|schwierigkeit|risik|fehler|scheiter|versag|schwierig|kann (?:nicht|"
    "kein)|leider|limit|inconvénient|risque|échou|ne peut pas|límit|desventaja|riesgo|"
    "falla[nr]?\\b|fallo\\b|no puede|difícil",
    "cost": "kosten|teuer|billig|aufwand|speicher|coût|ch(?:er|ère)s?\\b|mémoire|coste|costo|car[oa]s?\\b|memoria",
    "speed": "schnell|langsam|geschwindig|latenz|rapide|lente?s?\\b|vitesse|rápid|lent[oa]|velocidad",
    "results": "ergebnis|genauigkeit|gemessen|bewert|résultat|mesur|évalu|precisión|resultado|evalua",
    "updates": "aktualisier|veralte|neu trainier|mis à jour|obsolèt|actualiz|obsolet",
    "benefits": "vorteil|hilft|besser|nützlich|lohnt|avantage|utile|meilleur|ventaja|útil|mejor",
    "uses": "anwend|eingesetzt|beispiel|verwendet|utilisée?s?\\b|exemple|appliqu|aplica|ejemplo|utiliza",
    "how": "indem|wird .*berechnet|zuerst|dann\\b|lernt|d'abord|ensuite|calcule|apprend|primero|luego|aprende",
    "what": "(?:ist|sind) (?:ein|eine|einer|der|die|das)\\b|heißt|bezeichnet|bedeutet|est (?:un|une|le|"
    "la)\\b|signifie|désigne|es (?:un|una|el|la)\\b|significa",
    "why": "weil|denn\\b|damit\\b|braucht|parce que|besoin|porque|necesita",
    "compared": "als\\b|anders|statt|dagegen|unterscheid|plutôt|contrairement|tandis|mientras|diferent|en lugar",
    "tools": "werkzeug|bibliothek|outil|bibliothèque|herramienta|biblioteca",
}
# Words of a heading that say nothing about its subject.
LIGHT_UNSPACED = (
    "与|和|及|以及|的|之|是|了|其|它|有|在|中|对|什么|怎么|如何|哪些|分析|介绍|说明|总结|の|と|"
    "や|を|は|が|에|의|와|과|및|을|를|은|는"
)
_LIGHT_SPACED = """
als auch aus bei beim da das dem den der des die ein eine einem einen einer er es für hat im ist mit nach sich sie sind
und vom von wann was wenn werden wie wird wo woran zu zum zur quand pourquoi où ça cela ce ces cette dans des du elle
elles en est et il ils la le les leur pour que quel quelle quelles quels qui sur un une al con cuando cuándo cómo de del
donde dónde el ella en es las lo los para por qué se son su sus una unos y
"""
LIGHT_SPACED = frozenset(_LIGHT_SPACED.split())
