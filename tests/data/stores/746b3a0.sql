-- A store as watcher at 746b3a0 wrote it; to be opened by every later one.
BEGIN TRANSACTION;
CREATE TABLE accepted (
	job TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_accepted PRIMARY KEY (job)
);
INSERT INTO "accepted" VALUES('monitoring/k8s ServiceMonitor/shop/web http://http/metrics','2026-11-23 05:00:00.000000');
CREATE TABLE blindness (
	source TEXT NOT NULL, 
	since DATETIME NOT NULL, 
	until DATETIME, 
	error TEXT NOT NULL, 
	CONSTRAINT pk_blindness PRIMARY KEY (source, since)
);
INSERT INTO "blindness" VALUES('prometheus-k8s-0','2026-11-21 05:00:00.000000','2026-11-22 05:00:00.000000','connection refused');
INSERT INTO "blindness" VALUES('other','2026-11-23 03:00:00.000000',NULL,'connection refused');
CREATE TABLE expected_jobs (
	"key" TEXT NOT NULL, 
	payload TEXT NOT NULL, 
	CONSTRAINT pk_expected_jobs PRIMARY KEY ("key")
);
INSERT INTO "expected_jobs" VALUES('monitoring/k8s ServiceMonitor/shop/web http://http/metrics','{"key":"monitoring/k8s ServiceMonitor/shop/web http://http/metrics","prometheus":"monitoring/k8s","pool":"serviceMonitor/shop/web/0","aliases":["shop/web/0"],"origin":"monitor","monitor":{"kind":"ServiceMonitor","namespace":"shop","name":"web"},"endpoint":0,"scheme":"http","port":"http","path":"/metrics","files":[],"pin":null,"steering":{"ignored":false,"reason":null,"until":null,"severity":null,"owner":null,"min_targets":null},"targets":null,"labels":[],"changed_at":"2026-11-01T00:00:00Z","gone_since":"2026-11-23T04:00:00Z"}');
INSERT INTO "expected_jobs" VALUES('monitoring/k8s ServiceMonitor/shop/web http://http/a%20b','{"key":"monitoring/k8s ServiceMonitor/shop/web http://http/a%20b","prometheus":"monitoring/k8s","pool":"serviceMonitor/shop/web/1","aliases":["shop/web/1"],"origin":"monitor","monitor":{"kind":"ServiceMonitor","namespace":"shop","name":"web"},"endpoint":1,"scheme":"http","port":"http","path":"/a b","files":[],"pin":null,"steering":{"ignored":false,"reason":null,"until":null,"severity":null,"owner":null,"min_targets":null},"targets":null,"labels":[],"changed_at":"2026-11-01T00:00:00Z","gone_since":null}');
INSERT INTO "expected_jobs" VALUES('monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET','{"key":"monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET","prometheus":"monitoring/k8s","pool":"serviceMonitor/shop/probe-like/0","aliases":["shop/probe-like/0"],"origin":"monitor","monitor":{"kind":"ServiceMonitor","namespace":"shop","name":"probe-like"},"endpoint":0,"scheme":"http","port":"http","path":"/probe","files":[],"pin":null,"steering":{"ignored":false,"reason":null,"until":null,"severity":null,"owner":null,"min_targets":null},"targets":null,"labels":[],"changed_at":"2026-11-01T00:00:00Z","gone_since":null}');
INSERT INTO "expected_jobs" VALUES('monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET #2','{"key":"monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET #2","prometheus":"monitoring/k8s","pool":"serviceMonitor/shop/probe-like/1","aliases":["shop/probe-like/1"],"origin":"monitor","monitor":{"kind":"ServiceMonitor","namespace":"shop","name":"probe-like"},"endpoint":1,"scheme":"http","port":"http","path":"/probe","files":[],"pin":null,"steering":{"ignored":false,"reason":null,"until":null,"severity":null,"owner":null,"min_targets":null},"targets":null,"labels":[],"changed_at":"2026-11-01T00:00:00Z","gone_since":null}');
INSERT INTO "expected_jobs" VALUES('monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe','{"key":"monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe","prometheus":"monitoring/k8s","pool":"serviceMonitor/shop/probe-like/2","aliases":["shop/probe-like/2"],"origin":"monitor","monitor":{"kind":"ServiceMonitor","namespace":"shop","name":"probe-like"},"endpoint":2,"scheme":"http","port":"http","path":"/probe","files":[],"pin":null,"steering":{"ignored":false,"reason":null,"until":null,"severity":null,"owner":null,"min_targets":null},"targets":null,"labels":[],"changed_at":"2026-11-01T00:00:00Z","gone_since":null}');
INSERT INTO "expected_jobs" VALUES('monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1','{"key":"monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1","prometheus":"monitoring/k8s","pool":"podMonitor/shop/pods/0","aliases":["shop/pods/0"],"origin":"monitor","monitor":{"kind":"PodMonitor","namespace":"shop","name":"pods"},"endpoint":0,"scheme":"http","port":"m","path":"/metrics","files":[],"pin":null,"steering":{"ignored":false,"reason":null,"until":null,"severity":null,"owner":null,"min_targets":null},"targets":null,"labels":[],"changed_at":"2026-11-01T00:00:00Z","gone_since":null}');
INSERT INTO "expected_jobs" VALUES('monitoring/k8s|pinned node-exporter','{"key":"monitoring/k8s|pinned node-exporter","prometheus":"monitoring/k8s","pool":"node-exporter","aliases":[],"origin":"pinned","monitor":null,"endpoint":null,"scheme":null,"port":null,"path":null,"files":[],"pin":null,"steering":{"ignored":false,"reason":null,"until":null,"severity":null,"owner":null,"min_targets":null},"targets":null,"labels":[],"changed_at":null,"gone_since":null}');
CREATE TABLE incidents (
	id TEXT NOT NULL, 
	job TEXT NOT NULL, 
	problem TEXT, 
	status TEXT NOT NULL, 
	starts_at DATETIME NOT NULL, 
	ends_at DATETIME, 
	payload TEXT NOT NULL, 
	CONSTRAINT pk_incidents PRIMARY KEY (id)
);
INSERT INTO "incidents" VALUES('monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1@2026-11-21T05:00:00+00:00','monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1','monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1@2026-11-21T05:00:00+00:00','resolved','2026-11-21 05:00:00.000000','2026-11-22 05:00:00.000000','{"id":"monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1@2026-11-21T05:00:00+00:00","job":"monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1","prometheus":"monitoring/k8s","pool":"podMonitor/shop/pods/0","state":"unstarted","status":"resolved","starts_at":"2026-11-21T05:00:00Z","seen_at":"2026-11-23T05:00:00Z","watches":3,"good_watches":0,"ends_at":"2026-11-22T05:00:00Z","ending":"recovered","cause":null,"found":null,"group":"monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1@2026-11-21T05:00:00+00:00","fired_at":"2026-11-21T05:01:00Z","turns":0,"turned_at":null}');
INSERT INTO "incidents" VALUES('monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET@2026-11-23T03:00:00+00:00','monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET','monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET@2026-11-23T03:00:00+00:00','firing','2026-11-23 03:00:00.000000',NULL,'{"id":"monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET@2026-11-23T03:00:00+00:00","job":"monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET","prometheus":"monitoring/k8s","pool":"serviceMonitor/shop/probe-like/0","state":"unstarted","status":"firing","starts_at":"2026-11-23T03:00:00Z","seen_at":"2026-11-23T05:00:00Z","watches":3,"good_watches":0,"ends_at":null,"ending":null,"cause":"tls-file-missing","found":{"code":"tls-file-missing","link":6,"finding":{"summary":"the file /etc/ssl/tls.crt is in no mount of the pod","evidence":[{"seen":"no mount at /etc/ssl","where":"kubectl get pod -o yaml","at":null}],"fix":[{"do":"mount the Secret","command":"kubectl patch …"}],"confidence":"certain","conclusive":false,"proof":""}},"group":"monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET@2026-11-23T03:00:00+00:00","fired_at":"2026-11-23T03:01:00Z","turns":0,"turned_at":null}');
INSERT INTO "incidents" VALUES('monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET #2@2026-11-23T03:00:00+00:00','monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET #2','monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET@2026-11-23T03:00:00+00:00','firing','2026-11-23 03:00:00.000000',NULL,'{"id":"monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET #2@2026-11-23T03:00:00+00:00","job":"monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET #2","prometheus":"monitoring/k8s","pool":"serviceMonitor/shop/probe-like/1","state":"unstarted","status":"firing","starts_at":"2026-11-23T03:00:00Z","seen_at":"2026-11-23T05:00:00Z","watches":3,"good_watches":0,"ends_at":null,"ending":null,"cause":null,"found":null,"group":"monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET@2026-11-23T03:00:00+00:00","fired_at":"2026-11-23T03:01:00Z","turns":0,"turned_at":null}');
INSERT INTO "incidents" VALUES('monitoring/k8s ServiceMonitor/shop/web http://http/a%20b@2026-11-23T04:59:00+00:00','monitoring/k8s ServiceMonitor/shop/web http://http/a%20b',NULL,'pending','2026-11-23 04:59:00.000000',NULL,'{"id":"monitoring/k8s ServiceMonitor/shop/web http://http/a%20b@2026-11-23T04:59:00+00:00","job":"monitoring/k8s ServiceMonitor/shop/web http://http/a%20b","prometheus":"monitoring/k8s","pool":"serviceMonitor/shop/web/1","state":"unstarted","status":"pending","starts_at":"2026-11-23T04:59:00Z","seen_at":"2026-11-23T05:00:00Z","watches":3,"good_watches":0,"ends_at":null,"ending":null,"cause":null,"found":null,"group":null,"fired_at":null,"turns":0,"turned_at":null}');
CREATE TABLE jobs (
	"key" TEXT NOT NULL, 
	prometheus TEXT NOT NULL, 
	pool TEXT NOT NULL, 
	state TEXT NOT NULL, 
	since DATETIME NOT NULL, 
	most_targets INTEGER NOT NULL, labels TEXT, usual TEXT, 
	CONSTRAINT pk_jobs PRIMARY KEY ("key")
);
INSERT INTO "jobs" VALUES('monitoring/k8s ServiceMonitor/shop/web http://http/metrics','monitoring/k8s','serviceMonitor/shop/web/0','healthy','2026-11-23 05:00:00.000000',1,'[["job","web"]]','{"count":1,"last":0,"since":"2026-11-23T05:00:00Z"}');
INSERT INTO "jobs" VALUES('monitoring/k8s ServiceMonitor/shop/web http://http/a%20b','monitoring/k8s','serviceMonitor/shop/web/1','missing','2026-11-22 05:00:00.000000',2,'[["job","web"]]','{"count":2,"last":1,"since":"2026-11-23T04:00:00Z"}');
INSERT INTO "jobs" VALUES('monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET','monitoring/k8s','serviceMonitor/shop/probe-like/0','missing','2026-11-21 05:00:00.000000',3,'[["job","probe-like"]]','{"count":3,"last":2,"since":"2026-11-23T03:00:00Z"}');
INSERT INTO "jobs" VALUES('monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET #2','monitoring/k8s','serviceMonitor/shop/probe-like/1','missing','2026-11-20 05:00:00.000000',4,'[["job","probe-like"]]','{"count":4,"last":3,"since":"2026-11-23T02:00:00Z"}');
INSERT INTO "jobs" VALUES('monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe','monitoring/k8s','serviceMonitor/shop/probe-like/2','healthy','2026-11-19 05:00:00.000000',5,'[["job","probe-like"]]','{"count":5,"last":4,"since":"2026-11-23T01:00:00Z"}');
INSERT INTO "jobs" VALUES('monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1','monitoring/k8s','podMonitor/shop/pods/0','healthy','2026-11-18 05:00:00.000000',6,'[["job","pods"]]','{"count":6,"last":5,"since":"2026-11-23T00:00:00Z"}');
CREATE TABLE monitors (
	"key" TEXT NOT NULL, 
	payload TEXT NOT NULL, 
	CONSTRAINT pk_monitors PRIMARY KEY ("key")
);
INSERT INTO "monitors" VALUES('{"kind":"ServiceMonitor","namespace":"shop","name":"web"}','{"apiVersion":"monitoring.coreos.com/v1","kind":"ServiceMonitor","metadata":{"creationTimestamp":"2026-11-01T00:00:00Z","name":"web","namespace":"shop","uid":"u-web"},"spec":{"endpoints":[{"port":"http"},{"path":"/a b","port":"http"}],"selector":{"matchLabels":{"app":"web"}}}}');
INSERT INTO "monitors" VALUES('{"kind":"ServiceMonitor","namespace":"shop","name":"probe-like"}','{"apiVersion":"monitoring.coreos.com/v1","kind":"ServiceMonitor","metadata":{"creationTimestamp":"2026-11-01T00:00:00Z","name":"probe-like","namespace":"shop","uid":"u-probe-like"},"spec":{"endpoints":[{"params":{"module":["http_2xx"],"token":["MARKED-SECRET"]},"path":"/probe","port":"http"},{"params":{"module":["http_2xx"],"token":["MARKED-SECRET"]},"path":"/probe","port":"http"},{"params":{"module":[]},"path":"/probe","port":"http"}],"selector":{"matchLabels":{"app":"probe-like"}}}}');
INSERT INTO "monitors" VALUES('{"kind":"PodMonitor","namespace":"shop","name":"pods"}','{"apiVersion":"monitoring.coreos.com/v1","kind":"PodMonitor","metadata":{"creationTimestamp":"2026-11-01T00:00:00Z","name":"pods","namespace":"shop","uid":"u-pods"},"spec":{"podMetricsEndpoints":[{"params":{"x":["1"]},"port":"m"}],"selector":{"matchLabels":{"app":"pods"}}}}');
CREATE TABLE mounts (
	"key" TEXT NOT NULL, 
	first_seen_at DATETIME NOT NULL, 
	last_seen_at DATETIME NOT NULL, 
	CONSTRAINT pk_mounts PRIMARY KEY ("key")
);
INSERT INTO "mounts" VALUES('{"stateful_set":"monitoring/prometheus-k8s","mount_path":"/etc/prometheus/secrets/etcd","volume":"etcd","secret":"etcd","permanent":false,"who":"kubectl-edit","operation":"Update","changed_at":"2026-11-21T05:00:00Z","first_seen_at":"1970-01-01T00:00:00Z","last_seen_at":"1970-01-01T00:00:00Z"}','2026-11-23 04:00:00.000000','2026-11-23 04:00:00.000000');
INSERT INTO "mounts" VALUES('{"stateful_set":"monitoring/prometheus-k8s","mount_path":"/etc/prometheus/secrets/etcd","volume":"etcd","secret":"etcd","permanent":true,"who":"kubectl-edit","operation":"Update","changed_at":"2026-11-21T05:00:00Z","first_seen_at":"1970-01-01T00:00:00Z","last_seen_at":"1970-01-01T00:00:00Z"}','2026-11-23 05:00:00.000000','2026-11-23 05:00:00.000000');
CREATE TABLE mutes (
	id TEXT NOT NULL, 
	since DATETIME NOT NULL, 
	until DATETIME NOT NULL, 
	payload TEXT NOT NULL, 
	CONSTRAINT pk_mutes PRIMARY KEY (id)
);
INSERT INTO "mutes" VALUES('shop','2026-11-23 05:00:00.000000','2026-11-23 07:00:00.000000','{"id":"shop","match":[["namespace","shop"]],"since":"2026-11-23T05:00:00Z","until":"2026-11-23T07:00:00Z","reason":"the shop moves"}');
INSERT INTO "mutes" VALUES('over','2026-11-20 05:00:00.000000','2026-11-21 05:00:00.000000','{"id":"over","match":[["namespace","shop"]],"since":"2026-11-20T05:00:00Z","until":"2026-11-21T05:00:00Z","reason":"the shop moves"}');
CREATE TABLE owed (
	subject TEXT NOT NULL, 
	notifier TEXT NOT NULL, 
	since DATETIME NOT NULL, 
	payload TEXT NOT NULL, 
	CONSTRAINT pk_owed PRIMARY KEY (subject, notifier)
);
INSERT INTO "owed" VALUES('monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET@2026-11-23T03:00:00+00:00','webhook','2026-11-23 04:00:00.000000','{"subject":"monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET@2026-11-23T03:00:00+00:00","notifier":"webhook","since":"2026-11-23T04:00:00Z","tries":0,"doubtful":false,"permanent":false,"not_before":null,"reason":"","error":""}');
CREATE TABLE prometheuses (
	"key" TEXT NOT NULL, 
	payload TEXT NOT NULL, 
	CONSTRAINT pk_prometheuses PRIMARY KEY ("key")
);
INSERT INTO "prometheuses" VALUES('monitoring/k8s','{"resource":null,"servers":[{"name":"prometheus-k8s-0","url":"http://prometheus-k8s-0:9090","shard":0,"replica":0,"retained":false,"log_file":null}]}');
CREATE TABLE sent (
	subject TEXT NOT NULL, 
	notifier TEXT NOT NULL, 
	status TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	payload TEXT NOT NULL, 
	CONSTRAINT pk_sent PRIMARY KEY (subject, notifier)
);
INSERT INTO "sent" VALUES('monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1@2026-11-21T05:00:00+00:00','slack','resolved','2026-11-22 05:00:00.000000','{"status":"resolved","cause":null,"at":"2026-11-22T05:00:00Z","handle":"C1 1.0","body":"","severity":"","reminders":0}');
INSERT INTO "sent" VALUES('monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET@2026-11-23T03:00:00+00:00','slack','firing','2026-11-23 03:00:00.000000','{"status":"firing","cause":null,"at":"2026-11-23T03:00:00Z","handle":"C1 2.0","body":"digest","severity":"critical","reminders":2}');
CREATE TABLE snapshot (
	id INTEGER NOT NULL, 
	turn INTEGER NOT NULL, 
	taken_at DATETIME NOT NULL, 
	payload TEXT NOT NULL, 
	CONSTRAINT pk_snapshot PRIMARY KEY (id)
);
INSERT INTO "snapshot" VALUES(1,2,'2026-11-23 05:00:00.000000','{"unselected":[{"monitor":{"kind":"ServiceMonitor","namespace":"shop","name":"lonely"},"cause":"labels-not-selected","nearest":"monitoring/k8s","lacks":"team=shop"}],"unreadable":[{"source":"kube","error":"forbidden","permission":"get x","since":"2026-11-23T05:00:00Z","hides":[]}],"unserved":[],"nodes":3}');
CREATE TABLE transitions (
	number INTEGER NOT NULL, 
	incident TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	payload TEXT NOT NULL, 
	CONSTRAINT pk_transitions PRIMARY KEY (number), 
	CONSTRAINT fk_transitions_incident FOREIGN KEY(incident) REFERENCES incidents (id) ON DELETE CASCADE
);
INSERT INTO "transitions" VALUES(1,'monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1@2026-11-21T05:00:00+00:00','2026-11-21 05:00:00.000000','{"before":null,"after":{"id":"monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1@2026-11-21T05:00:00+00:00","job":"monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1","prometheus":"monitoring/k8s","pool":"podMonitor/shop/pods/0","state":"unstarted","status":"firing","starts_at":"2026-11-21T05:00:00Z","seen_at":"2026-11-23T05:00:00Z","watches":3,"good_watches":0,"ends_at":null,"ending":null,"cause":null,"found":null,"group":"monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1@2026-11-21T05:00:00+00:00","fired_at":"2026-11-21T05:01:00Z","turns":0,"turned_at":null},"at":"2026-11-21T05:00:00Z"}');
INSERT INTO "transitions" VALUES(2,'monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1@2026-11-21T05:00:00+00:00','2026-11-22 05:00:00.000000','{"before":{"id":"monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1@2026-11-21T05:00:00+00:00","job":"monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1","prometheus":"monitoring/k8s","pool":"podMonitor/shop/pods/0","state":"unstarted","status":"firing","starts_at":"2026-11-21T05:00:00Z","seen_at":"2026-11-23T05:00:00Z","watches":3,"good_watches":0,"ends_at":null,"ending":null,"cause":null,"found":null,"group":"monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1@2026-11-21T05:00:00+00:00","fired_at":"2026-11-21T05:01:00Z","turns":0,"turned_at":null},"after":{"id":"monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1@2026-11-21T05:00:00+00:00","job":"monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1","prometheus":"monitoring/k8s","pool":"podMonitor/shop/pods/0","state":"unstarted","status":"resolved","starts_at":"2026-11-21T05:00:00Z","seen_at":"2026-11-23T05:00:00Z","watches":3,"good_watches":0,"ends_at":"2026-11-22T05:00:00Z","ending":"recovered","cause":null,"found":null,"group":"monitoring/k8s PodMonitor/shop/pods http://m/metrics?x=1@2026-11-21T05:00:00+00:00","fired_at":"2026-11-21T05:01:00Z","turns":0,"turned_at":null},"at":"2026-11-22T05:00:00Z"}');
INSERT INTO "transitions" VALUES(3,'monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET@2026-11-23T03:00:00+00:00','2026-11-23 03:00:00.000000','{"before":null,"after":{"id":"monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET@2026-11-23T03:00:00+00:00","job":"monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET","prometheus":"monitoring/k8s","pool":"serviceMonitor/shop/probe-like/0","state":"unstarted","status":"firing","starts_at":"2026-11-23T03:00:00Z","seen_at":"2026-11-23T05:00:00Z","watches":3,"good_watches":0,"ends_at":null,"ending":null,"cause":"tls-file-missing","found":{"code":"tls-file-missing","link":6,"finding":{"summary":"the file /etc/ssl/tls.crt is in no mount of the pod","evidence":[{"seen":"no mount at /etc/ssl","where":"kubectl get pod -o yaml","at":null}],"fix":[{"do":"mount the Secret","command":"kubectl patch …"}],"confidence":"certain","conclusive":false,"proof":""}},"group":"monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET@2026-11-23T03:00:00+00:00","fired_at":"2026-11-23T03:01:00Z","turns":0,"turned_at":null},"at":"2026-11-23T03:00:00Z"}');
INSERT INTO "transitions" VALUES(4,'monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET #2@2026-11-23T03:00:00+00:00','2026-11-23 03:00:00.000000','{"before":null,"after":{"id":"monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET #2@2026-11-23T03:00:00+00:00","job":"monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET #2","prometheus":"monitoring/k8s","pool":"serviceMonitor/shop/probe-like/1","state":"unstarted","status":"firing","starts_at":"2026-11-23T03:00:00Z","seen_at":"2026-11-23T05:00:00Z","watches":3,"good_watches":0,"ends_at":null,"ending":null,"cause":null,"found":null,"group":"monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?module=http_2xx&token=MARKED-SECRET@2026-11-23T03:00:00+00:00","fired_at":"2026-11-23T03:01:00Z","turns":0,"turned_at":null},"at":"2026-11-23T03:00:00Z"}');
INSERT INTO "transitions" VALUES(5,'monitoring/k8s ServiceMonitor/shop/web http://http/a%20b@2026-11-23T04:59:00+00:00','2026-11-23 05:00:00.000000','{"before":null,"after":{"id":"monitoring/k8s ServiceMonitor/shop/web http://http/a%20b@2026-11-23T04:59:00+00:00","job":"monitoring/k8s ServiceMonitor/shop/web http://http/a%20b","prometheus":"monitoring/k8s","pool":"serviceMonitor/shop/web/1","state":"unstarted","status":"pending","starts_at":"2026-11-23T04:59:00Z","seen_at":"2026-11-23T05:00:00Z","watches":3,"good_watches":0,"ends_at":null,"ending":null,"cause":null,"found":null,"group":null,"fired_at":null,"turns":0,"turned_at":null},"at":"2026-11-23T05:00:00Z"}');
CREATE TABLE watcher_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT watcher_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "watcher_schema" VALUES('0004');
CREATE TABLE watches (
	at DATETIME NOT NULL, 
	expected INTEGER NOT NULL, 
	healthy INTEGER NOT NULL, 
	degraded INTEGER NOT NULL, 
	lost INTEGER NOT NULL, 
	dormant INTEGER NOT NULL, 
	unknown INTEGER NOT NULL, 
	ignored INTEGER NOT NULL, 
	CONSTRAINT pk_watches PRIMARY KEY (at)
);
INSERT INTO "watches" VALUES('2026-11-21 05:00:00.000000',3,3,0,0,0,0,0);
INSERT INTO "watches" VALUES('2026-11-22 05:00:00.000000',3,3,0,0,0,0,0);
INSERT INTO "watches" VALUES('2026-11-23 03:00:00.000000',3,3,0,0,0,0,0);
INSERT INTO "watches" VALUES('2026-11-23 05:00:00.000000',3,3,0,0,0,0,0);
CREATE UNIQUE INDEX one_ongoing_incident_per_job ON incidents (job) WHERE status <> 'resolved';
CREATE INDEX ix_incidents_ends_at ON incidents (ends_at);
CREATE INDEX ix_incidents_problem ON incidents (problem);
CREATE INDEX ix_transitions_at ON transitions (at);
CREATE INDEX ix_transitions_incident ON transitions (incident);
COMMIT;
